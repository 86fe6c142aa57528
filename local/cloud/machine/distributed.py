"""A Map in distributed mode: each batch of items is an execution of its own, a child of the Map Run.

moto reads the items; its children are threads without a history, and it makes no batches and tolerates every failure.
Sources: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html and the pages on ItemReader,
ItemBatcher, failure thresholds and redriving Map Runs next to it.
"""

import copy
import json
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

from moto.core.responses import ActionResult
from moto.stepfunctions.parser.api import ExecutionStatus, HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEventException
from moto.stepfunctions.parser.asl.component.state.exec.state_map.state_map import StateMap
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse, get_backend

from local.cloud.account import ACCOUNT, REGION
from local.cloud.iam.calls import Call
from local.cloud.iam.guard import Access, AccessDenied
from local.cloud.machine import paths, redrive, tokens
from local.cloud.machine.states import failure

OURS = ("ItemBatcher", "Label", "ToleratedFailureCount", "ToleratedFailurePercentage")
WAIT_SECONDS = 0.1
PROCESSOR = {"StartAt": "Child", "States": {"Child": {"Type": "Pass", "End": True}}}


class Child(Execution):  # type: ignore[misc]
    """An execution of a Map Run; `items` of its input are counted as failed if it fails."""

    map_run: "MapRun"
    items: int

    def _get_start_execution_worker_comm(self) -> BaseExecutionWorkerCommunication:
        return _Ending(self)


class _Ending(BaseExecutionWorkerCommunication):  # type: ignore[misc]
    def terminated(self) -> None:
        super().terminated()
        self.execution.map_run.changed.set()


class MapRun:
    """The children of a distributed Map, in the order of their items."""

    def __init__(self, parent: Any, label: str, definition: str, arn: str = "") -> None:
        machine = copy.copy(parent.state_machine)
        self.arn = arn or f"{machine.arn.replace(':stateMachine:', ':mapRun:')}/{label}:{uuid.uuid4()}"
        machine.arn, machine.definition, machine.executions = f"{machine.arn}/{label}", definition, []
        self.definition, self._machine = definition, machine
        self.children: list[Child] = []
        self.changed = threading.Event()

    def add(self, child_input: str, items: int, name: str = "") -> Child:
        """A child that is not started yet."""
        machine = self._machine
        name = name or str(uuid.uuid4())
        child = Child(
            name=name,
            sm_type=machine.sm_type,
            role_arn=machine.roleArn,
            exec_arn=f"{machine.arn.replace(':stateMachine:', ':execution:')}:{name}",
            account_id=ACCOUNT,
            region_name=REGION,
            state_machine=machine,
            start_date=datetime.now(UTC),
            cloud_watch_logging_session=None,
            activity_store={},
            input_data=child_input,
        )
        child.map_run, child.items = self, items
        self.children.append(child)
        return child

    @property
    def machine(self) -> str:
        """The state machine's ARN with the label of the Map."""
        return str(self._machine.arn)

    def started(self) -> list[Child]:
        """The children that have been started, ended or not."""
        return [child for child in self.children if child.exec_status]

    def stop(self) -> None:
        """Abort the children that are running."""
        for child in self.children:
            if child.exec_status == ExecutionStatus.RUNNING:
                _allowed("StopExecution", child)
                tokens.stop(child, None, None)


class _Access:
    check: Access


def install(access: Access) -> None:
    """Run distributed Maps. A state machine's role needs `access` to start, stop and redrive the children."""
    _Access.check = staticmethod(access)
    _repair()


@cache
def _repair() -> None:
    _a_definition_may_have_distributed_maps()
    _a_distributed_map_starts_children()
    _children_are_executions()
    _a_map_run_lists_its_children()


def _a_definition_may_have_distributed_maps() -> None:
    """moto's grammar does not know all fields of a distributed Map: the state keeps them beside what moto reads."""
    original = AmazonStateLanguageParser.parse

    def parse(definition: str) -> Any:
        machine = json.loads(definition)
        found = {name: state for name, state in machine["States"].items() if is_distributed(state)}
        for name, state in found.items():
            AmazonStateLanguageParser.parse(_child_definition(state))
            machine["States"][name] = _for_moto(state)
        program, tree = original(json.dumps(machine) if found else definition)
        for name, state in found.items():
            program.states.states[name].distributed = state
        return program, tree

    AmazonStateLanguageParser.parse = staticmethod(parse)


def is_distributed(state: dict[str, Any]) -> bool:
    """Whether a state is a Map whose iterations are executions."""
    processor = state.get("ItemProcessor") or {}
    return bool(processor.get("ProcessorConfig", {}).get("Mode") == "DISTRIBUTED")


def _for_moto(state: dict[str, Any]) -> dict[str, Any]:
    """BatchInput is evaluated as moto evaluates an ItemSelector."""
    known = {name: value for name, value in state.items() if name not in OURS}
    config = state["ItemProcessor"]["ProcessorConfig"]
    selector = state.get("ItemBatcher", {}).get("BatchInput", {})
    return known | {"ItemProcessor": {"ProcessorConfig": config, **PROCESSOR}, "ItemSelector": selector}


def _child_definition(state: dict[str, Any]) -> str:
    return json.dumps({name: value for name, value in state["ItemProcessor"].items() if name != "ProcessorConfig"})


def _a_distributed_map_starts_children() -> None:
    original = StateMap._eval_execution

    def evaluate(self: Any, env: Any) -> None:
        if hasattr(self, "distributed"):
            _run(self, env)
        else:
            original(self, env)

    StateMap._eval_execution = evaluate


def _run(state: Any, env: Any) -> None:
    parent = get_backend(ACCOUNT, REGION).describe_execution(
        env.states.context_object.context_object_data["Execution"]["Id"]
    )
    state.max_concurrency_decl.eval(env=env)
    at_once = env.stack.pop() or None
    _record(env, "MapStateStarted", mapStateStartedEventDetails={"length": 0})
    map_runs = parent.__dict__.setdefault("map_runs", {})
    map_run = map_runs.get(state.name)
    if map_run:
        details = {"mapRunArn": map_run.arn, "redriveCount": parent.redrives}
        _record(env, "MapRunRedriven", mapRunRedrivenEventDetails=details)
    else:
        map_run = MapRun(
            parent, state.distributed.get("Label") or str(uuid.uuid4()), _child_definition(state.distributed)
        )
        _record(env, "MapRunStarted", mapRunStartedEventDetails={"mapRunArn": map_run.arn})
        for batch in _batches(state, env):
            map_run.add(json.dumps(batch), len(batch["Items"]))
        map_runs[state.name] = map_run
    try:
        _run_children(state.distributed, env, map_run, at_once)
    except FailureEventException as failed:
        error, cause = failed.extract_error_cause_pair()
        _record(env, "MapRunFailed", mapRunFailedEventDetails={"error": error, "cause": cause})
        raise
    if env.is_running():
        _record(env, "MapRunSucceeded")
        _record(env, "MapStateSucceeded", update_source_event_id=False)
    env.stack.append([child.output for child in map_run.children])


def _record(env: Any, kind: str, update_source_event_id: bool = True, **details: Any) -> None:
    env.event_manager.add_event(
        context=env.event_history_context,
        event_type=HistoryEventType[kind],
        event_details=details,
        update_source_event_id=update_source_event_id,
    )


def _batches(state: Any, env: Any) -> list[dict[str, Any]]:
    """The input of each child: a batch of the items, and with them BatchInput."""
    given = env.states.get_input()
    try:
        state.item_reader.eval(env=env)
    except Exception as error:
        raise failure(env, "StatesItemReaderFailed", str(error) or type(error).__name__) from error
    items = env.stack.pop()
    batcher = state.distributed["ItemBatcher"]
    size = batcher.get("MaxItemsPerBatch") or paths.read(batcher["MaxItemsPerBatchPath"], given)
    if not isinstance(size, int) or size < 1:
        raise failure(env, "StatesRuntime", f"MaxItemsPerBatchPath is {size}, not a positive integer")
    shared: dict[str, Any] = {}
    if "BatchInput" in batcher:
        state.item_selector.eval(env=env)
        shared = {"BatchInput": env.stack.pop()}
    return [shared | {"Items": items[start : start + size]} for start in range(0, len(items), size)]


def _run_children(spec: dict[str, Any], env: Any, map_run: MapRun, at_once: int | None) -> None:
    """Start or redrive the children that did not succeed; at the end, all have, or as many as tolerated have not."""
    waiting = [child for child in map_run.children if child.exec_status != ExecutionStatus.SUCCEEDED]
    running: list[Child] = []
    failed = 0
    while (waiting or running) and env.is_running():
        map_run.changed.clear()
        ended = [child for child in running if child.exec_status != ExecutionStatus.RUNNING]
        running = [child for child in running if child not in ended]
        for child in ended:
            _allowed("DescribeExecution", child)
        failed += sum(child.items for child in ended if child.exec_status != ExecutionStatus.SUCCEEDED)
        if _exceeded(spec, failed, sum(child.items for child in map_run.children)):
            map_run.stop()
            cause = "The specified tolerated failure threshold was exceeded"
            raise failure(env, "StatesExceedToleratedFailureThreshold", cause)
        while waiting and (at_once is None or len(running) < at_once):
            running.append(_start(env, waiting.pop(0)))
        if running:
            map_run.changed.wait(WAIT_SECONDS)
    map_run.stop()


def _exceeded(spec: dict[str, Any], failed: int, total: int) -> bool:
    """Any failure exceeds thresholds that are not given; of two that are, the first to be exceeded counts."""
    count, percentage = spec.get("ToleratedFailureCount"), spec.get("ToleratedFailurePercentage")
    if count is None and percentage is None:
        return failed > 0
    return (count is not None and failed > count) or (percentage is not None and 100 * failed > percentage * total)


def _start(env: Any, child: Child) -> Child:
    try:
        if child.exec_status and redrive.has_begun(child):
            _allowed("RedriveExecution", child)
            redrive.resume(child)
        else:
            _allowed("StartExecution", child)
            child.exec_worker = child.stop_date = None
            child.start()
    except AccessDenied as denied:
        raise failure(env, "StatesPermissions", str(denied)) from denied
    return child


def _allowed(operation: str, child: Child) -> None:
    """The guide asks for DescribeExecution and StopExecution on ARNs without the label, which the children's have."""
    machine, _, name = child.exec_arn.replace(":execution:", ":stateMachine:").rpartition(":")
    plain = f"{machine.rpartition('/')[0].replace(':stateMachine:', ':execution:')}:{name}"
    given: list[dict[str, Any]] = [{"executionArn": child.exec_arn}]
    if operation == "StartExecution":
        given = [{"stateMachineArn": machine.rpartition("/")[0]}]
    elif operation != "RedriveExecution":
        given.append({"executionArn": plain})
    for parameters in given:
        _Access.check(child.role_arn, Call("states", operation, parameters))


def _map_runs() -> list[MapRun]:
    machines = get_backend(ACCOUNT, REGION).state_machines
    return [
        map_run
        for machine in machines
        for execution in machine.executions
        for map_run in getattr(execution, "map_runs", {}).values()
    ]


def _children_are_executions() -> None:
    """Children can be described, have a history, and answer to their tasks' tokens."""
    describe, executions = StepFunctionsParserBackend.describe_execution, StepFunctionsParserBackend._get_executions

    def describe_execution(self: Any, execution_arn: str) -> Any:
        if "/" in execution_arn:
            for map_run in _map_runs():
                for child in map_run.started():
                    if child.exec_arn == execution_arn:
                        return child
        return describe(self, execution_arn)

    def get_executions(self: Any, execution_status: Any = None) -> list[Any]:
        children = [child for map_run in _map_runs() for child in map_run.started()]
        wanted = [child for child in children if execution_status in (None, child.status)]
        return [*executions(self, execution_status), *wanted]

    StepFunctionsParserBackend.describe_execution = describe_execution
    StepFunctionsParserBackend._get_executions = get_executions


def _a_map_run_lists_its_children() -> None:
    """ListMapRuns names them; ListExecutions takes the ARN of one in place of a state machine's, newest child first."""
    original: Callable[[Any], Any] = StepFunctionResponse.list_executions

    def list_executions(self: Any) -> Any:
        arn = self._get_param("mapRunArn")
        if not arn:
            return original(self)
        children = [child for map_run in _map_runs() if map_run.arn == arn for child in map_run.started()]
        return ActionResult({"executions": [child.to_execution_list_item() for child in reversed(children)]})

    def list_map_runs(self: Any) -> ActionResult:
        execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
        runs = getattr(execution, "map_runs", {}).values()
        fields = {"executionArn": execution.exec_arn, "startDate": execution.start_date}
        return ActionResult(
            {"mapRuns": [fields | {"mapRunArn": run.arn, "stateMachineArn": run.machine} for run in runs]}
        )

    StepFunctionResponse.list_executions = list_executions
    StepFunctionResponse.list_map_runs = list_map_runs
