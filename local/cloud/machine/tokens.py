"""Repairs of moto's interpreter: task tokens and the end of an execution.

Each states what AWS does and moto does not. A missed heartbeat stays `States.Timeout`, as observed on AWS.
"""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

from moto.core.exceptions import AWSError
from moto.core.responses import ActionResult, EmptyResult
from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import (
    StateTaskServiceCallback,
)
from moto.stepfunctions.parser.asl.eval.callback.callback import (
    CallbackConsumerLeft,
    CallbackOutcomeFailure,
    CallbackOutcomeSuccess,
    HeartbeatTimedOut,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventManager
from moto.stepfunctions.parser.asl.eval.program_state import ProgramStopped, ProgramTimedOut
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication
from moto.stepfunctions.responses import StepFunctionResponse

from local.cloud.machine.events import recorded

ending = threading.Lock()
"""Held while an execution sets its final status, error, cause and output, so readers see all or none."""


@cache
def repair() -> None:
    """Install the repairs, once per process."""
    _tokens_are_valid_for_one_attempt()
    _tokens_are_answered_once()
    _stop_execution_is_immediate()
    _the_first_end_is_final()
    _history_can_be_read_after_an_abort()


def stop(execution: Any, error: str | None, cause: str | None) -> None:
    """Abort an execution that is running, and those of its Map Runs."""
    while execution.stop_date is None and not _has_begun(execution.exec_worker.env):
        time.sleep(0.01)  # the definition is still being parsed, and moto loses a stop before the first state
    with ending:
        if execution.stop_date is None:
            execution.stop_date = datetime.now(tz=UTC)
            execution.error, execution.cause = error, cause
            execution.exec_status = ExecutionStatus.ABORTED
            execution.stop(execution.stop_date, error, cause)
        _wake(execution.exec_worker.env)
        for endpoint in list(execution.exec_worker.env.callback_pool_manager._pool.values()):
            endpoint.interrupt_all()
    for map_run in getattr(execution, "map_runs", {}).values():
        map_run.stop()


def _has_begun(env: Any) -> bool:
    return bool(env and env.is_running() and len(recorded(env)) > 1)


def _wake(env: Any) -> None:
    """End the Wait of an execution, also one that begins just now: moto clears the event as soon as it has set it."""
    env.program_state_event.set()
    for frame in list(env._frames):
        _wake(frame)


def _tokens_are_valid_for_one_attempt() -> None:
    """Each attempt of a task has its own token, invalid once the attempt is over."""

    attempt = StateTaskServiceCallback._evaluate_with_timeout

    def evaluate(self: Any, env: Any) -> None:
        if not self._is_integration_pattern():
            attempt(self, env)
            return
        endpoint = env.callback_pool_manager.add(env.states.context_object.update_task_token())
        try:
            attempt(self, env)
        finally:
            endpoint.report(CallbackConsumerLeft())

    def wait(_: Any, env: Any, endpoint: Any, heartbeat: Any) -> Any:
        """Unlike moto, accept an answer that arrived before the wait began."""
        while env.is_running() and endpoint.get_outcome() is None:
            if not heartbeat.clear_and_wait() and env.is_running():
                return endpoint.get_outcome() or HeartbeatTimedOut()
        return endpoint.get_outcome()

    StateTaskServiceCallback._evaluate_with_timeout = evaluate
    StateTaskServiceCallback._wait_for_task_token_heartbeat = wait


def _tokens_are_answered_once() -> None:
    """A repeated or late answer is TaskTimedOut, an unknown token InvalidToken; failures keep their cause."""

    answering = threading.Lock()

    def answer(response: Any, act: Callable[[Any], Any]) -> EmptyResult:
        token = response._get_param("taskToken")
        with answering:
            for execution in response.stepfunction_backend._get_executions():
                env = execution.exec_worker.env
                endpoint = env and env.callback_pool_manager.get(token)
                if endpoint:
                    if endpoint.consumer_error or endpoint.get_outcome() or execution.stop_date:
                        raise AWSError("Task Timed Out: 'Provided task does not exist anymore'", "TaskTimedOut")
                    act(endpoint)
                    return EmptyResult()
        raise AWSError("Invalid Token: 'Invalid token'", "InvalidToken")

    def success(self: Any) -> EmptyResult:
        output = self._get_param("output")
        return answer(self, lambda endpoint: endpoint.notify(CallbackOutcomeSuccess(endpoint.callback_id, output)))

    def failure(self: Any) -> EmptyResult:
        error, cause = self._get_param("error"), self._get_param("cause")
        return answer(self, lambda found: found.notify(CallbackOutcomeFailure(found.callback_id, error, cause)))

    def heartbeat(self: Any) -> EmptyResult:
        return answer(self, lambda endpoint: endpoint.notify_heartbeat())

    StepFunctionResponse.send_task_success = success
    StepFunctionResponse.send_task_failure = failure
    StepFunctionResponse.send_task_heartbeat = heartbeat


def _stop_execution_is_immediate() -> None:
    """StopExecution aborts with error and cause without waiting for tasks; ended executions have a stopDate."""

    describe = StepFunctionResponse.describe_execution

    def stop_execution(self: Any) -> ActionResult:
        execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
        stop(execution, self._get_param("error"), self._get_param("cause"))
        return ActionResult({"stopDate": execution.stop_date})

    def describe_with_stop_date(self: Any) -> Any:
        with ending:
            found = describe(self)
        execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
        if execution.stop_date:
            found.result["stopDate"] = execution.stop_date
        return found

    StepFunctionResponse.stop_execution = stop_execution
    StepFunctionResponse.describe_execution = describe_with_stop_date


def _the_first_end_is_final() -> None:
    """Tasks that finish after their execution was stopped or timed out do not change its result."""

    set_error, terminated = Environment.set_error, BaseExecutionWorkerCommunication.terminated

    def set_error_once(self: Any, error: Any) -> None:
        if not isinstance(self._program_state, ProgramStopped | ProgramTimedOut):
            set_error(self, error)

    def terminated_once(self: Any) -> None:
        with ending:
            if self.execution.stop_date is None:
                terminated(self)

    Environment.set_error = set_error_once
    BaseExecutionWorkerCommunication.terminated = terminated_once


def _history_can_be_read_after_an_abort() -> None:
    """Leave out the timeout of a task that was aborted before it was evaluated: moto records another value for it."""
    add_event = EventManager.add_event

    def add_valid_event(self: Any, *args: Any, event_details: Any = None, **named: Any) -> Any:
        scheduled = (event_details or {}).get("lambdaFunctionScheduledEventDetails", {})
        if not isinstance(scheduled.get("timeoutInSeconds", 0), int):
            del scheduled["timeoutInSeconds"]
        return add_event(self, *args, event_details=event_details, **named)

    EventManager.add_event = add_valid_event
