"""Step Functions on the laptop: moto's interpreter with repairs, calling AWS with the state machine's role."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from moto.core.config import default_user_config
from moto.stepfunctions.responses import get_backend

from local.cloud.account import ACCOUNT, REGION
from local.cloud.iam.guard import Access

INTERPRETER = "moto.stepfunctions.parser.asl"


@contextmanager
def _without_batch() -> Iterator[None]:
    """Stub out moto.batch: the interpreter uses one enumeration of it, and importing it loads all of EC2, 0.9 s."""
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
    from local.cloud.machine import (
        choices,
        distributed,
        events,
        intrinsics,
        paths,
        redrive,
        states,
        tokens,
        unsupported,
    )


def install(client: Callable[[str, str], Any], names: Path, access: Access) -> None:
    """Execute state machines in moto. Tasks use `client(service, role ARN)`; `names` keeps the execution names used.

    A role needs `access` to what Step Functions itself does with it.
    """
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    distributed.install(access)
    states.repair()
    events.repair()
    paths.repair()
    intrinsics.repair()
    choices.repair()
    unsupported.repair()
    tokens.repair()
    redrive.repair()
    names.mkdir(parents=True, exist_ok=True)
    states.execution_names.folder = names
    _call_as_role(client)


def describe(execution_arn: str) -> dict[str, Any]:
    """An execution's `status`, `error`, `cause` and `output` (JSON text); None where AWS has no value."""
    execution = get_backend(ACCOUNT, REGION).describe_execution(execution_arn)
    with tokens.ending:
        output = json.dumps(execution.output) if execution.status == "SUCCEEDED" else None
        return {"status": execution.status, "error": execution.error, "cause": execution.cause, "output": output}


def history(execution_arn: str, after: int = 0) -> list[dict[str, Any]]:
    """The events so far but for the first `after`, as in GetExecutionHistory."""
    environment = get_backend(ACCOUNT, REGION).describe_execution(execution_arn).exec_worker.env
    found = events.recorded(environment).read(after)
    return [event | {"timestamp": datetime.fromisoformat(event["timestamp"])} for event in found]


def children(execution_arn: str) -> list[tuple[str, bool]]:
    """The executions that an execution's Map Runs have started: ARN, and whether it has ended."""
    execution = get_backend(ACCOUNT, REGION).describe_execution(execution_arn)
    runs = getattr(execution, "map_runs", {}).values()
    return [(child.exec_arn, child.stop_date is not None) for run in runs for child in run.started()]


def _call_as_role(client: Callable[[str, str], Any]) -> None:
    """Tasks use the state machine's role; moto uses a fixed access key and a new client per task."""

    def client_for(region: str, service: str, state_credentials: Any) -> Any:
        return client(service, state_credentials.role_arn)

    for name, module in list(sys.modules.items()):
        if name.startswith(INTERPRETER) and hasattr(module, "boto_client_for"):
            setattr(module, "boto_client_for", client_for)  # noqa: B010 - mypy does not know the module
