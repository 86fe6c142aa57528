"""Step Functions on the laptop: moto's interpreter, repaired, calling AWS as the state machine's role."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from types import ModuleType
from typing import Any

from moto.core.config import default_user_config
from moto.stepfunctions.responses import get_backend

from local.cloud.account import ACCOUNT, REGION

INTERPRETER = "moto.stepfunctions.parser.asl"


@contextmanager
def _without_batch() -> Iterator[None]:
    """Spare the interpreter moto.batch: it uses one enumeration of it, but would import all of EC2 with it, 0.9 s."""
    names = ("moto.batch", "moto.batch.utils")
    if any(name in sys.modules for name in names):
        yield
        return
    batch, utils = (ModuleType(name) for name in names)
    utils.JobStatus = type("JobStatus", (), {"SUCCEEDED": "SUCCEEDED", "FAILED": "FAILED"})  # type: ignore[attr-defined]
    sys.modules.update({batch.__name__: batch, utils.__name__: utils})
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]


with _without_batch():
    from local.cloud.machine import states, tokens


def install(client: Callable[[str, str], Any]) -> None:
    """Run state machines in moto; they call AWS with `client(service, role's ARN)`, a boto3 client."""
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    states.repair()
    tokens.repair()
    _call_as_role(client)


def describe(execution_arn: str) -> dict[str, Any]:
    """`status`, `error`, `cause`, and `output`, JSON text once it succeeded; None where there is none."""
    execution = get_backend(ACCOUNT, REGION).describe_execution(execution_arn)
    with tokens.ending:
        output = json.dumps(execution.output) if execution.status == "SUCCEEDED" else None
        return {"status": execution.status, "error": execution.error, "cause": execution.cause, "output": output}


def history(execution_arn: str) -> list[dict[str, Any]]:
    """The events so far, as GetExecutionHistory gives them. Their details are shared: read them, do not change them."""
    environment = get_backend(ACCOUNT, REGION).describe_execution(execution_arn).exec_worker.env
    events = list(environment.event_manager._history_event_list) if environment else []
    return [event | {"timestamp": datetime.fromisoformat(event["timestamp"])} for event in events]


def _call_as_role(client: Callable[[str, str], Any]) -> None:
    """Tasks call AWS as the state machine's role; moto uses a fixed key, and a new client for every task."""

    def client_for(region: str, service: str, state_credentials: Any) -> Any:
        return client(service, state_credentials.role_arn)

    for name, module in list(sys.modules.items()):
        if name.startswith(INTERPRETER) and hasattr(module, "boto_client_for"):
            setattr(module, "boto_client_for", client_for)  # noqa: B010 - a module that mypy does not know
