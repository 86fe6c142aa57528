"""The downloads of a run, grouped by outcome."""

from collections.abc import Iterable

from msgspec.structs import replace

from pipeline.contracts.records import DownloadOutcome, Tally
from pipeline.errors import Failure, read_failure


def tally(outcomes: Iterable[DownloadOutcome]) -> Tally:
    """The outcomes by status; each error is reduced to our fields."""
    result = Tally()
    for outcome in outcomes:
        error = _read(outcome.error, outcome.table_id) if outcome.error else None
        getattr(result, outcome.status).append(replace(outcome, error=error))
    return result


def _read(caught: Failure, table_id: str) -> Failure:
    return replace(read_failure(caught.error, caught.cause), table_id=table_id)
