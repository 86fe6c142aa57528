"""Repairs of moto's interpreter: executions and states. Each states what AWS does and moto does not."""

import pickle
import sys
import threading
import time
import uuid
from collections import deque
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from botocore.exceptions import UnknownServiceError
from botocore.model import OperationModel, StructureShape
from jsonpath_ng.ext.parser import ExtendedJsonPathParser
from moto.core.exceptions import AWSError
from moto.core.utils import get_service_model
from moto.stepfunctions.exceptions import ExecutionAlreadyExists
from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import ErrorEqualsDecl
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.state.choice.comparison.comparison_operator_type import (
    ComparisonOperatorType,
)
from moto.stepfunctions.parser.asl.component.state.choice.comparison.comparison_variable import ComparisonVariable
from moto.stepfunctions.parser.asl.component.state.choice.comparison.variable import NoSuchVariable
from moto.stepfunctions.parser.asl.component.state.choice.state_choice import StateChoice
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.component.state.exec.state_map.state_map import StateMap
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel.state_parallel import StateParallel
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_aws_sdk
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import StateTaskService
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task_lambda import StateTaskLambda
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor
from moto.stepfunctions.parser.asl.utils import json_path
from moto.stepfunctions.parser.backend.execution import Execution
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from local.cloud.cache import CACHE, digest, keep
from local.cloud.documented_limits import EXECUTION_NAME_DAYS, STATE_DATA_BYTES

DAY_SECONDS = 86_400
SHORT = 4_000  # characters of a definition that is parsed in no time
SDK_NAMES = {"athena": "Athena", "databrew": "DataBrew", "ec2": "Ec2", "glue": "Glue", "s3": "S3", "sns": "Sns"}


@cache
def repair() -> None:
    """Install the repairs, once per process."""
    _one_query_language_stack_per_parse()
    _parse_paths_once()
    _parse_a_definition_once()
    _threads_end()
    _start_execution_validates_name_and_input()
    _results_have_a_size_quota()
    _start_time_is_text()
    _requests_and_responses_use_api_names()
    _sdk_errors_use_sdk_names()
    _choice_fails_on_a_missing_path()
    _no_choice_matched()
    _missing_parameters_are_runtime_errors()
    _runtime_errors_are_not_caught_by_states_all()


def _one_query_language_stack_per_parse() -> None:
    """moto shares one stack between all parses and threads, and does not clear it after an invalid definition."""

    original = Preprocessor.__init__

    def init(self: Any, *args: Any, **options: Any) -> None:
        self._query_language_per_scope = []
        original(self, *args, **options)

    Preprocessor.__init__ = init


def _parse_paths_once() -> None:
    """moto parses a JSONPath at each use, by a parser made for it, which takes longer than the state itself."""
    parser, parsing = ExtendedJsonPathParser(), threading.Lock()

    @cache
    def parse(path: str) -> Any:
        with parsing:
            return parser.parse(path)

    json_path.parse = parse


def _parse_a_definition_once() -> None:
    """moto parses a definition for each execution, 0.2 to 0.4 s; here once, and a long one for all processes."""
    original = AmazonStateLanguageParser.parse
    code = [version("moto").encode(), *(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))]

    @cache
    def pickled(definition: str) -> bytes:
        kept = CACHE / f"{digest(definition.encode(), *code)}.pickle"
        if kept.exists():
            return kept.read_bytes()
        program = pickle.dumps(original(definition)[0])
        if len(definition) > SHORT:
            keep(kept, program)
        return program

    def parse(definition: str) -> Any:
        return pickle.loads(pickled(definition)), None  # noqa: S301 - whoever can write it can write this code

    AmazonStateLanguageParser.parse = staticmethod(parse)


def _threads_end() -> None:
    """moto keeps a list of all threads that it has started, and with each thread its stack; the list is not read."""

    for name, module in list(sys.modules.items()):
        if name.startswith("moto.stepfunctions.parser") and hasattr(module, "TMP_THREADS"):
            setattr(module, "TMP_THREADS", deque(maxlen=0))  # noqa: B010 - mypy does not know the module


class ExecutionNames:
    """The names that executions of a lake have used: a file each, because moto forgets them when the laptop stops."""

    folder: Path

    def check(self, execution_arn: str) -> None:
        """Raises `ExecutionAlreadyExists` if the name was used in the last 90 days."""
        used = self._file(execution_arn)
        if used.exists() and time.time() - used.stat().st_mtime < EXECUTION_NAME_DAYS.limit * DAY_SECONDS:
            raise ExecutionAlreadyExists(f"Execution Already Exists: '{execution_arn}'")

    def use(self, execution_arn: str) -> None:
        """Record that an execution has started."""
        self._file(execution_arn).touch()

    def _file(self, execution_arn: str) -> Path:
        return self.folder / execution_arn.partition(":execution:")[2].replace(":", " ")


execution_names = ExecutionNames()


def _start_execution_validates_name_and_input() -> None:
    """A missing name becomes a UUID, invalid names and large inputs are rejected, concurrent starts share no name."""

    original, one_at_a_time = StepFunctionsParserBackend.start_execution, threading.Lock()

    def start(self: Any, machine: str, name: str | None = None, execution_input: str = "{}", *others: Any) -> Any:
        name = name or str(uuid.uuid4())
        self._validate_name(name)
        if len(execution_input.encode()) > STATE_DATA_BYTES.limit:
            member = f"Member must have length less than or equal to {STATE_DATA_BYTES.limit}"
            message = f"1 validation error detected: Value at 'input' failed to satisfy constraint: {member}"
            raise AWSError(message, "ValidationException")
        with one_at_a_time:
            found = self.describe_state_machine(machine)
            if name not in [execution.name for execution in found.executions]:
                execution_names.check(f"{found.arn.replace(':stateMachine:', ':execution:')}:{name}")
            execution = original(self, machine, name, execution_input, *others)
            execution_names.use(execution.execution_arn)
            return execution

    StepFunctionsParserBackend.start_execution = start


def _results_have_a_size_quota() -> None:
    """The results of a Map or Parallel state are limited before ResultPath; moto limits a state's output only."""

    for kind in (StateMap, StateParallel):

        def evaluate(self: Any, env: Any, original: Any = kind._eval_execution) -> None:
            original(self, env)
            self._verify_size_quota(env, env.stack[-1])

        kind._eval_execution = evaluate


def _start_time_is_text() -> None:
    """`$$.Execution.StartTime` is an ISO 8601 string."""

    original = Execution.get_start_execution_details

    def details(self: Any) -> Any:
        found = original(self)
        found.start_time = _iso(self.start_date)
        return found

    Execution.get_start_execution_details = details


def _requests_and_responses_use_api_names() -> None:
    """Parameter names are case-insensitive, an object passed as a blob is its JSON, times are ISO 8601 strings."""

    def operation(task: Any, service: str | None, action: str | None) -> OperationModel | None:
        return _operation(task._get_boto_service_name(service), action or task.resource.api_action)

    def normalise_parameters(
        self: Any, parameters: Any, boto_service_name: str | None = None, service_action_name: str | None = None
    ) -> None:
        model = operation(self, boto_service_name, service_action_name)
        if model and isinstance(model.input_shape, StructureShape):
            self._to_boto_request(parameters, model.input_shape)

    def normalise_response(
        self: Any, response: Any, boto_service_name: str | None = None, service_action_name: str | None = None
    ) -> None:
        model = operation(self, boto_service_name, service_action_name)
        if model and isinstance(model.output_shape, StructureShape):
            self._from_boto_response(response, model.output_shape)

    original = StateTaskService._from_boto_response_value

    def response_value(value: Any) -> Any:
        return _iso(value) if isinstance(value, datetime) else original(value)

    StateTaskService._normalise_parameters = normalise_parameters
    StateTaskService._normalise_response = normalise_response
    StateTaskService._from_boto_response_value = staticmethod(response_value)


def _sdk_errors_use_sdk_names() -> None:
    """An error of `aws-sdk:glue:...` is `Glue.EntityNotFoundException`, not `glue....`."""

    state_task_service_aws_sdk._SERVICE_ERROR_NAMES.update(SDK_NAMES)


def _choice_fails_on_a_missing_path() -> None:
    """A Choice rule on a missing path fails the execution unless it is IsPresent; moto takes the Default."""

    def evaluate(self: Any, env: Any) -> None:
        self.variable.eval(env)
        missing = isinstance(env.stack[-1], NoSuchVariable)
        if missing and self.comparison_function.operator_type != ComparisonOperatorType.IsPresent:
            path = self.variable.string_sampler.literal_value
            cause = f"Invalid path '{path}': The choice state's condition path references an invalid value."
            raise failure(env, "StatesRuntime", cause)
        self.comparison_function.eval(env)

    ComparisonVariable._eval_body = evaluate


def _no_choice_matched() -> None:
    """A Choice without a Default fails with `States.NoChoiceMatched` if no rule matches."""

    original = StateChoice._eval_state

    def evaluate(self: Any, env: Any) -> None:
        try:
            original(self, env)
        except RuntimeError as error:
            raise failure(
                env, "StatesNoChoiceMatched", f"There are no choice rules of {self.name} that match."
            ) from error

    StateChoice._eval_state = evaluate


def _missing_parameters_are_runtime_errors() -> None:
    """A missing path in Parameters is `States.Runtime`, also in a Lambda task."""
    original = StateTaskLambda._from_error

    def from_error(self: Any, env: Any, ex: Exception) -> Any:
        if isinstance(ex, json_path.NoSuchJsonPathError):
            return ExecutionState._from_error(self, env, ex)
        return original(self, env, ex)

    StateTaskLambda._from_error = from_error


def _runtime_errors_are_not_caught_by_states_all() -> None:
    """`States.ALL` matches neither `States.Runtime` nor `States.DataLimitExceeded`."""

    original = ErrorEqualsDecl._eval_body

    def evaluate(self: Any, env: Any) -> None:
        error = env.stack[-1]
        terminal = error.error_name in {"States.Runtime", "States.DataLimitExceeded"}
        original(self, env)
        if terminal and error not in self.error_names:
            env.stack[-1] = False

    ErrorEqualsDecl._eval_body = evaluate


def failure(env: Any, error: str, cause: str) -> Exception:
    """An exception that fails the execution in its current state; `error` is the name of a moto error type."""

    kind = StatesErrorNameType[error]
    details = {"executionFailedEventDetails": {"error": kind.to_name(), "cause": cause}}
    event = FailureEvent(env, StatesErrorName(kind), HistoryEventType.ExecutionFailed, details)
    exception: Exception = FailureEventException(event)
    return exception


@cache
def _operation(service: str, action: str) -> OperationModel | None:
    try:
        model = get_service_model(service)
    except UnknownServiceError:
        return None
    name = next((name for name in model.operation_names if name.lower() == action.lower()), None)
    return model.operation_model(name) if name else None


def _iso(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
