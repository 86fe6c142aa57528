"""Shared by the Task handlers: typed requests and results, one JSON log line, located errors."""

import inspect
from collections.abc import Callable
from typing import Any, TypeVar, get_type_hints

import msgspec
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError

from pipeline.errors import InputInvalid, PipelineError, ServiceFailed, Unexpected

Request = TypeVar("Request", bound=msgspec.Struct)
logger = Logger()


def named(error: Exception) -> PipelineError:
    """The error as one of the tree: `ServiceFailed` for one of AWS's, `Unexpected` for any that is not ours."""
    if isinstance(error, PipelineError):
        return error
    kind = ServiceFailed if isinstance(error, ClientError | BotoCoreError) else Unexpected
    return kind(f"{type(error).__name__}: {error}")


def task(function: Callable[[Request], msgspec.Struct]) -> Callable[[dict[str, Any], LambdaContext], Any]:
    """Make `function` the Lambda handler of a Task state: its parameter's type is the event's, its result the output.

    The handler locates each error at its step and table, as a `PipelineError` of any kind. Raises `InputInvalid` for
    an invalid event, `ServiceFailed` for an error of AWS and `Unexpected` for any other.
    """
    (parameter,) = inspect.signature(function).parameters
    contract: type[Request] = get_type_hints(function)[parameter]
    step = "".join(word.capitalize() for word in function.__module__.split("_"))

    @logger.inject_lambda_context(clear_state=True)
    def handler(event: dict[str, Any], _: LambdaContext) -> Any:
        logger.append_keys(run_id=event.get("run_id"), table_id=event.get("table_id"))
        try:
            request = msgspec.convert(event, contract)
        except msgspec.ValidationError as error:
            raise InputInvalid(str(error)).at(step) from error
        try:
            result = function(request)
        except PipelineError as error:
            raise error.at(step, event.get("table_id", "")) from error
        except Exception as error:
            logger.exception(step)
            raise named(error).at(step, event.get("table_id", "")) from error
        logger.info(step, extra={"result": result})
        return msgspec.to_builtins(result)

    return handler
