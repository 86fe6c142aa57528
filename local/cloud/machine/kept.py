"""Executions that did not succeed, as files: they can be redriven after the laptop's AWS was switched off."""

from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.backend.execution import Execution
from moto.stepfunctions.responses import get_backend

from local.cloud.account import ACCOUNT, REGION
from local.cloud.machine.distributed import Child, MapRun
from local.cloud.machine.redrive import REDRIVABLE, continue_history, events_of, redrives_of, resumes_at

POLLS = ("WaitFor", "Check")


class Ended(msgspec.Struct, kw_only=True):
    """How an execution ended, and its history."""

    started: datetime
    stopped: datetime
    status: ExecutionStatus
    redrives: int
    events: list[dict[str, Any]]


class KeptChild(msgspec.Struct):
    """An execution of a Map Run; `ended` is None if it was not started, `output` that of one that succeeded."""

    name: str
    input: str
    items: int
    ended: Ended | None
    output: Any = None


class KeptMapRun(msgspec.Struct):
    arn: str
    definition: str
    children: list[KeptChild]


class Kept(msgspec.Struct):
    """An execution that did not succeed, and its Map Runs by the name of the state."""

    arn: str
    state_machine: str
    input: str
    ended: Ended
    map_runs: dict[str, KeptMapRun]


def keep(execution_arn: str, path: Path) -> None:
    """Write an ended execution to `path`, unless it succeeded: then remove what was kept of it."""
    execution = get_backend(ACCOUNT, REGION).describe_execution(execution_arn)
    if execution.exec_status not in REDRIVABLE:
        path.unlink(missing_ok=True)
        return
    map_runs = {name: _kept_map_run(run) for name, run in getattr(execution, "map_runs", {}).items()}
    kept = Kept(execution_arn, execution.state_machine_arn, execution.execution_input, _ended(execution), map_runs)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.encode(kept, enc_hook=str))


def restore(path: Path) -> None:
    """Add the execution kept at `path` to its state machine. Raises LookupError if there is none.

    If it was polling, it will resume at the start of what it polled: the laptop's services have forgotten their jobs.
    """
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=Kept)
    except FileNotFoundError:
        raise LookupError(f"{path.stem} is no run that failed in this lake") from None
    machine = get_backend(ACCOUNT, REGION).describe_state_machine(kept.state_machine)
    execution = Execution(
        name=path.stem,
        sm_type=machine.sm_type,
        role_arn=machine.roleArn,
        exec_arn=kept.arn,
        account_id=ACCOUNT,
        region_name=REGION,
        state_machine=machine,
        start_date=kept.ended.started,
        cloud_watch_logging_session=None,
        activity_store={},
        input_data=kept.input,
    )
    while resumes_at(execution, kept.ended.events)[0].startswith(POLLS):
        kept.ended.events.pop()
    _restore(execution, kept.ended)
    execution.map_runs = {name: _restored_map_run(execution, run) for name, run in kept.map_runs.items()}
    machine.executions.append(execution)


def _ended(execution: Any) -> Ended:
    return Ended(
        started=execution.start_date,
        stopped=execution.stop_date,
        status=execution.exec_status,
        redrives=redrives_of(execution),
        events=events_of(execution),
    )


def _kept_map_run(map_run: MapRun) -> KeptMapRun:
    return KeptMapRun(map_run.arn, map_run.definition, [_kept_child(child) for child in map_run.children])


def _kept_child(child: Child) -> KeptChild:
    ended = _ended(child) if child.stop_date else None
    return KeptChild(child.name, child.execution_input, child.items, ended, child.output)


def _restore(execution: Any, ended: Ended) -> None:
    execution.exec_status, execution.stop_date, execution.redrives = ended.status, ended.stopped, ended.redrives
    continue_history(execution, ended.events)


def _restored_map_run(parent: Any, kept: KeptMapRun) -> MapRun:
    label = kept.arn.rpartition(":")[0].rpartition("/")[2]
    map_run = MapRun(parent, label, kept.definition, kept.arn)
    for each in kept.children:
        child = map_run.add(each.input, each.items, each.name)
        child.output = each.output
        if each.ended:
            child.start_date = each.ended.started
            _restore(child, each.ended)
    return map_run
