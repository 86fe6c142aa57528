"""How a run stands, in our words: what AWS says of a failure is not for those who call the API."""

import re

from msgspec import Struct

from pipeline.contracts.records import DownloadOutcome
from pipeline.run.history import Execution
from pipeline.run.outcomes import RunOutcomes
from pipeline.run.tally import message

RUN_ID = re.compile(r"[A-Za-z0-9_-]{1,80}", re.ASCII)
NEXT = ". Next: "  # every error of ours says it
NO_CAUSE = "the execution's history has the cause"
NEXT_STEP = "look at the execution, then redrive it or start a new run; readers see what they saw before"


class TableCounts(Struct):
    """`done`: published, or unchanged since they were; `left`: not yet decided."""

    planned: int
    done: int
    failed: int
    left: int


class TableFailure(Struct, rename="camel"):
    table_id: str
    error: str
    message: str


class RunStatus(Struct, rename="camel", kw_only=True):
    """The answer of `GET /runs/{runId}`. `state`: the last that was entered; `error` to `next_step` if it failed."""

    run_id: str
    status: str
    state: str
    started_at: str
    ended_at: str | None
    tables: TableCounts
    failures: list[TableFailure]
    error: str | None = None
    cause: str | None = None
    next_step: str | None = None


def describe(run_id: str, run: Execution, outcomes: RunOutcomes) -> RunStatus:
    """The run's execution and its tables in one."""
    failed = outcomes.failed
    done = len(outcomes.downloads.unchanged) + len(outcomes.news)
    status = RunStatus(
        run_id=run_id,
        status=run.status,
        state=run.state,
        started_at=run.started_at,
        ended_at=run.ended_at,
        tables=TableCounts(outcomes.planned, done, len(failed), outcomes.planned - done - len(failed)),
        failures=[_failure(table) for table in failed],
    )
    if run.status not in ("RUNNING", "PENDING_REDRIVE", "SUCCEEDED"):
        status.error = run.error or run.status
        cause, _, next_step = message(run.cause).partition(NEXT)
        status.cause = cause if next_step else None
        status.next_step = next_step or NEXT_STEP
    return status


def _failure(table: DownloadOutcome) -> TableFailure:
    error, cause = (table.error.Error, table.error.Cause) if table.error else ("", "")
    return TableFailure(table.table_id, error, cause if NEXT in cause else NO_CAUSE)
