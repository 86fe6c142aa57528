"""RedriveExecution, which moto lacks: an execution that failed goes on in the state that did not succeed.

As on AWS: same ARN and history, the state's recorded input, retries and timeouts from the start, and a Map repeats only
the iterations that did not succeed. Unlike on AWS, such an iteration starts at its first state.
"""

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from moto.core.exceptions import AWSError
from moto.core.responses import ActionResult
from moto.stepfunctions.parser.api import ExecutionStatus, HistoryEventType
from moto.stepfunctions.parser.asl.component.common.flow.start_at import StartAt
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.iteration_worker import IterationWorker
from moto.stepfunctions.responses import StepFunctionResponse

from local.cloud.documented_limits import REDRIVABLE_DAYS
from local.cloud.machine.events import Events, recorded
from local.cloud.machine.tokens import ending

REDRIVABLE = {ExecutionStatus.FAILED, ExecutionStatus.TIMED_OUT, ExecutionStatus.ABORTED}


@cache
def repair() -> None:
    """Install RedriveExecution, once per process."""
    _add_the_action()
    _describe_redrives()
    _a_map_keeps_the_iterations_that_succeeded()


def _add_the_action() -> None:
    """The action of the API, and `ExecutionNotRedrivable`."""

    def redrive_execution(self: Any) -> ActionResult:
        execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
        with ending:
            if reason := _not_redrivable(execution):
                raise AWSError(reason, "ExecutionNotRedrivable")
            resume(execution)
        return ActionResult({"redriveDate": execution.redrive_date})

    StepFunctionResponse.redrive_execution = redrive_execution


def _describe_redrives() -> None:
    """DescribeExecution has `redriveCount`, `redriveStatus` and `redriveDate`."""
    describe = StepFunctionResponse.describe_execution

    def describe_execution(self: Any) -> Any:
        found = describe(self)
        execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
        reason = _not_redrivable(execution)
        status = {"redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": reason}
        found.result.update(status if reason else {"redriveStatus": "REDRIVABLE"}, redriveCount=redrives_of(execution))
        if redrives_of(execution):
            found.result["redriveDate"] = execution.redrive_date
        return found

    StepFunctionResponse.describe_execution = describe_execution


def _a_map_keeps_the_iterations_that_succeeded() -> None:
    evaluate = IterationWorker._eval_job

    def evaluate_unless_kept(self: Any, env: Any, job: Any) -> None:
        kept = getattr(self._env.event_manager, "kept_iterations", {})  # shared by all frames
        if (self._work_name, job.job_index) in kept:
            job.job_output = kept[self._work_name, job.job_index]
        else:
            evaluate(self, env, job)

    IterationWorker._eval_job = evaluate_unless_kept


def _not_redrivable(execution: Any) -> str:
    if execution.exec_status not in REDRIVABLE:
        return f"Execution is {execution.exec_status.value} and cannot be redriven"
    if datetime.now(UTC) - execution.stop_date > timedelta(days=REDRIVABLE_DAYS.limit):
        return "Execution has exceeded the redrivable period"
    return ""


def has_begun(execution: Any) -> bool:
    """Whether an execution has entered a state."""
    return any("stateEnteredEventDetails" in event for event in events_of(execution))


def resume(execution: Any) -> None:
    """Go on in the state that did not succeed."""
    events = events_of(execution)
    state, state_input = resumes_at(execution, events)
    execution.redrives, execution.redrive_date = redrives_of(execution) + 1, datetime.now(UTC)
    worker = continue_history(execution, events)
    worker.env.event_manager.kept_iterations = _iterations_that_succeeded(events)
    worker.env.states.reset(input_value=state_input)
    worker.env.event_manager.add_event(
        context=worker.env.event_history_context,
        event_type=HistoryEventType.ExecutionRedriven,
        event_details={"executionRedrivenEventDetails": {"redriveCount": execution.redrives}},
    )
    execution.error = execution.cause = execution.stop_date = None
    execution.exec_status = ExecutionStatus.RUNNING

    def go_on() -> None:
        program = worker._get_evaluation_entrypoint()
        program.start_at = StartAt(state)
        program.eval(worker.env)
        worker._execution_communication.terminated()

    worker._execution_logic = go_on
    worker.start()


def continue_history(execution: Any, events: list[Any]) -> Any:
    """A new worker for the execution, whose history begins with `events`. What still runs in the old one is lost."""
    worker = execution.exec_worker = execution._get_start_execution_worker()
    worker.env = worker._get_evaluation_environment()
    manager = worker.env.event_manager
    manager._history_event_list = Events(events)
    manager._event_id_gen._next_id = events[-1]["id"] + 1
    worker.env.event_history_context.source_event_id = events[-1]["id"]
    return worker


def resumes_at(execution: Any, events: list[Any]) -> tuple[str, Any]:
    """The state entered last outside of any iteration, and its input."""
    outside = json.loads(execution.state_machine.definition)["States"]
    visits = (event["stateEnteredEventDetails"] for event in reversed(events) if "stateEnteredEventDetails" in event)
    visit = next(visit for visit in visits if visit["name"] in outside)
    return visit["name"], json.loads(visit["input"])


def _iterations_that_succeeded(events: list[Any]) -> dict[tuple[str, int], Any]:
    """The outputs of a Map's iterations, by the state's name and the index."""
    by_id = {event["id"]: event for event in events}
    kept = {}
    for event in events:
        if event["type"] == HistoryEventType.MapIterationSucceeded:
            done = event["mapIterationSucceededEventDetails"]
            last = by_id[event["previousEventId"]]["stateExitedEventDetails"]
            kept[done["name"], done["index"]] = json.loads(last["output"])
    return kept


def events_of(execution: Any) -> list[Any]:
    """The history of an execution so far."""
    return recorded(execution.exec_worker.env).read()


def redrives_of(execution: Any) -> int:
    """How often an execution has been redriven."""
    return getattr(execution, "redrives", 0)
