"""The status of a run for API clients. AWS's error texts can name resources of the account: they are withheld."""

from msgspec import Struct

from pipeline.contracts.records import DownloadOutcome
from pipeline.run.history import Execution
from pipeline.run.outcomes import RunOutcomes

WITHHELD = "the execution's history has the cause"


class TableCounts(Struct):
    """`done`: published or unchanged; `left`: not decided yet."""

    planned: int
    done: int
    failed: int
    left: int


class TableFailure(Struct, rename="camel"):
    """A failed table. `message` is a sentence with table, step, cause and next step; `cause` is None if withheld."""

    table_id: str
    error: str
    message: str
    cause: str | None
    next_step: str


class RunStatus(Struct, rename="camel", kw_only=True):
    """The response of `GET /runs/{runId}`.

    `state` is the last one entered. `error` and `next_step` are None unless the run failed; `cause` also if withheld.
    """

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
    """Combine the run's execution and the outcomes of its tables."""
    failed, failure = outcomes.failed, run.failure
    done = len(outcomes.downloads.unchanged) + len(outcomes.newly_published)
    return RunStatus(
        run_id=run_id,
        status=run.status,
        state=run.state,
        started_at=run.started_at,
        ended_at=run.ended_at,
        tables=TableCounts(outcomes.planned, done, len(failed), outcomes.planned - done - len(failed)),
        failures=[_table_failure(table) for table in failed],
        error=failure.error if failure else None,
        cause=failure.cause if failure and failure.is_ours else None,
        next_step=failure.next_step if failure else None,
    )


def _table_failure(table: DownloadOutcome) -> TableFailure:
    failure = table.failure
    message, cause = (failure.sentence, failure.cause) if failure.is_ours else (WITHHELD, None)
    return TableFailure(table.table_id, failure.error, message, cause, failure.next_step)
