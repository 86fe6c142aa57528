"""Writes an execution's history event by event, as GetExecutionHistory returns it."""

import json
from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


class Execution:
    """An execution that starts at START; `seconds` count from there."""

    def __init__(self) -> None:
        self.events: list[dict] = []
        self.event("ExecutionStarted", 0)

    def event(self, kind: str, seconds: float, before: int = 0, **details) -> int:
        moment = START + timedelta(seconds=seconds)
        self.events.append({"type": kind, "timestamp": moment, "id": len(self.events) + 1, "previousEventId": before})
        if details:
            self.events[-1][kind[0].lower() + kind[1:] + "EventDetails"] = details
        return len(self.events)

    def enter(self, name: str, seconds: float, kind: str = "Task") -> int:
        entered = self.event(f"{kind}StateEntered", seconds)
        self.events[-1]["stateEnteredEventDetails"] = {"name": name}
        return entered

    def leave(self, name: str, seconds: float, before: int = 0, kind: str = "Task") -> None:
        self.event(f"{kind}StateExited", seconds, before)
        self.events[-1]["stateExitedEventDetails"] = {"name": name}

    def call(
        self, function: str, began: float, ended: float | None, outcome: str = "Succeeded", before: int = 0, **output
    ) -> int:
        """An invocation of a function; still running without an end. `output` of a failed one: its error and cause."""
        arn = f"arn:aws:lambda:ap-southeast-1:123456789012:function:singstat-{function}Function-abc"
        scheduled = self.event("LambdaFunctionScheduled", began, before, resource=arn)
        last = self.event("LambdaFunctionStarted", began, scheduled)
        if ended is not None:
            details = {"output": json.dumps(output)} if outcome == "Succeeded" else output
            last = self.event(f"LambdaFunction{outcome}", ended, last, **details)
        return last

    def task(self, name: str, began: float, ended: float | None, outcome: str = "Succeeded", **output) -> None:
        self.enter(name, began)
        self.call(name, began, ended, outcome, **output)

    def worker(
        self, launched: float, ended: float | None, kind: str = "t4g.small", outcome: str = "Succeeded", **details
    ) -> None:
        entered = self.enter("DownloadLargeTable", launched - 1)
        function = "arn:aws:lambda:x:1:function:singstat-DownloadLargeTableFunction-abc"
        asked = json.dumps({"FunctionName": function, "Payload": {"table_id": "M1000"}})
        last = self.event("TaskScheduled", launched - 1, entered, resource="invoke.waitForTaskToken", parameters=asked)
        last = self.event("TaskStarted", launched - 1, last)
        answer = {"Payload": {"instance_id": "i-1", "instance_type": kind}}
        last = self.event("TaskSubmitted", launched, last, output=json.dumps(answer))
        if ended is not None:
            stored = json.dumps({"manifest": "m", "pages": 100, "chunks": 2})
            self.event(f"Task{outcome}", ended, last, **({"output": stored} if outcome == "Succeeded" else details))

    def end(self, seconds: float, ending: str = "Succeeded") -> None:
        self.event(f"Execution{ending}", seconds)
