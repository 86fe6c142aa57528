"""The story of a run, told from the execution's history: which states, how long, what failed. Kept in the lake."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field
from pipeline.costs.estimate import RunCost

FOLDER = ".executions"
NOT_ENDED = RunCost(usd=Decimal(0), lines=[], prices_as_of="", region="")


class StateVisit(Struct):
    """All visits of one state: how often it was entered, when first and when it was last left."""

    name: str
    entered: datetime
    left: datetime | None = None
    times: int = 1
    done: int = 0


class Failure(Struct):
    state: str
    error: str
    cause: str


class Worker(Struct, kw_only=True):
    """A large table's try on EC2, and what its worker said of it at the end."""

    table_id: str
    instance_id: str
    ended: str = "no answer"
    report: dict[str, Any] = field(default_factory=dict)


class Story(Struct, kw_only=True):
    run_id: str
    status: str
    request: dict[str, Any]
    states: list[StateVisit] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    workers: list[Worker] = field(default_factory=list)
    error: str = ""
    cause: str = ""
    cost: RunCost = NOT_ENDED

    def state(self, name: str) -> StateVisit | None:
        return next((visit for visit in self.states if visit.name == name), None)

    @property
    def entered(self) -> int:
        """How many states were entered, every visit counted."""
        return sum(visit.times for visit in self.states)


def tell(run_id: str, request: Mapping[str, Any], description: Mapping[str, Any], events: Iterable[Any]) -> Story:
    """The story of an execution, finished or not, from DescribeExecution and its history."""
    story = Story(
        run_id=run_id,
        status=description["status"],
        request=dict(request),
        error=description.get("error") or "",
        cause=description.get("cause") or "",
    )
    states: dict[str, StateVisit] = {}
    scope: dict[int, str] = {}
    launched: dict[int, Worker] = {}
    for event in events:
        inside = scope.get(event.get("previousEventId", 0), "")
        if entered := event.get("stateEnteredEventDetails"):
            inside = entered["name"]
            if visit := states.get(inside):
                visit.times += 1
            else:
                states[inside] = StateVisit(name=inside, entered=event["timestamp"])
        elif left := event.get("stateExitedEventDetails"):
            inside = left["name"]
            states[inside].left = event["timestamp"]
            states[inside].done += 1
        for kind in ("taskFailedEventDetails", "lambdaFunctionFailedEventDetails", "taskTimedOutEventDetails"):
            if failed := event.get(kind):
                story.failures.append(Failure(inside, failed.get("error") or "", failed.get("cause") or ""))
        _follow_worker(event, launched)
        scope[event["id"]] = inside
    story.states = list(states.values())
    story.workers = list({id(worker): worker for worker in launched.values()}.values())
    return story


def _follow_worker(event: Mapping[str, Any], launched: dict[int, Worker]) -> None:
    """Note who was launched for which task, by the chain of event ids that leads from a launch to its answer."""
    before = event.get("previousEventId", 0)
    worker = launched.get(before)
    if scheduled := event.get("taskScheduledEventDetails"):
        parameters = json.loads(scheduled.get("parameters") or "{}")
        if table_id := parameters.get("Payload", {}).get("table_id"):
            worker = Worker(table_id=table_id, instance_id="")
    elif worker and (submitted := event.get("taskSubmittedEventDetails")):
        worker.instance_id = json.loads(submitted["output"])["Payload"]["instance_id"]
    elif worker and (succeeded := event.get("taskSucceededEventDetails")):
        worker.ended, worker.report = "succeeded", json.loads(succeeded["output"])
    elif worker and (failed := event.get("taskFailedEventDetails") or event.get("taskTimedOutEventDetails")):
        worker.ended = failed.get("error") or "timed out"
    if worker and "stateExitedEventDetails" not in event:
        launched[event["id"]] = worker


def keep(lake: Path, story: Story) -> None:
    folder = lake / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{story.run_id}.json").write_bytes(msgspec.json.encode(story))


def recall(lake: Path, run_id: str | None) -> Story:
    """The story of `run_id`, or of the last run. Raises `LookupError` when the lake has none."""
    kept = sorted((lake / FOLDER).glob("*.json"), key=lambda path: path.stat().st_mtime)
    names = [path for path in kept if run_id in (None, path.stem)]
    if not names:
        raise LookupError(f"no run {run_id or ''} in {lake}; runs there: {', '.join(p.stem for p in kept) or 'none'}")
    return msgspec.json.decode(names[-1].read_bytes(), type=Story)
