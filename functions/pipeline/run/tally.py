"""The downloads of a run, grouped by outcome."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from pipeline.contracts.records import DownloadOutcome, Tally
from pipeline.errors import BatchFailed, Failure, WorkerLost, read_failure


def tally(outcomes: Iterable[DownloadOutcome]) -> Tally:
    """The outcomes by status; each error is reduced to our fields."""
    result = Tally()
    for outcome in outcomes:
        error = _read(outcome.error, outcome.table_id) if outcome.error else None
        getattr(result, outcome.status).append(replace(outcome, error=error))
    return result


def complete(known: Mapping[str, DownloadOutcome], planned: Sequence[str]) -> list[DownloadOutcome]:
    """The outcome of each planned table, in that order; a table without one failed with its batch."""
    lost = BatchFailed("its batch failed before it was downloaded")
    return [
        known.get(table)
        or DownloadOutcome(table_id=table, status="failed", error=lost.failure("DownloadTables", table))
        for table in planned
    ]


def _read(caught: Failure, table_id: str) -> Failure:
    """The failure of a table; a function or worker that was killed says neither where it was nor why."""
    if caught.step:
        return caught
    failure = read_failure(caught.error, caught.cause)
    step = "DownloadLargeTable" if failure.error == WorkerLost.__name__ else "DownloadTable"
    return replace(failure, table_id=table_id, step=failure.step or step)
