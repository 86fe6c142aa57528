"""State machines on the laptop's interpreter, without its AWS: tasks call a given client."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from moto.stepfunctions.parser.api import InvalidDefinition
from moto.stepfunctions.responses import get_backend

from local.cloud.account import ACCOUNT, REGION
from local.cloud.machine import interpreter
from tests.local.documented import REFUSED

PASS = {"Type": "Pass", "End": True}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/machine"


def install(folder: Path, client: Callable[[str, str], Any] | None = None) -> None:
    interpreter.install(client or (lambda *_: None), folder, lambda *_: None)


def outcome(states: dict[str, Any], given: Any) -> str:
    """The output as JSON, or `fails: ERROR`, `invalid`, or `not on the laptop`."""
    definition = json.dumps({"StartAt": next(iter(states)), "States": states})
    backend = get_backend(ACCOUNT, REGION)
    name = f"machine-{len(backend.state_machines)}"
    try:
        machine = backend.create_state_machine(name, definition, ROLE, [], False, None, None, None, None)
    except InvalidDefinition as error:
        return REFUSED if f"{REFUSED}: " in str(error) else "invalid"
    arn = backend.start_execution(machine.arn, None, json.dumps(given)).execution_arn
    while (found := interpreter.describe(arn))["status"] == "RUNNING":
        time.sleep(0.001)
    if found["status"] == "SUCCEEDED":
        return str(found["output"])
    return REFUSED if f"{REFUSED}: " in (found["cause"] or "") else f"fails: {found['error']}"
