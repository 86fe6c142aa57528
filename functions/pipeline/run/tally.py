"""The downloads of a run, sorted by what became of them."""

from collections.abc import Iterable

import msgspec

from pipeline.contracts.records import DownloadOutcome, TableError, Tally


def tally(outcomes: Iterable[DownloadOutcome]) -> Tally:
    """Outcomes by status; of a failed Task's JSON description only its message is kept."""
    result = Tally()
    for outcome in outcomes:
        error = TableError(Error=outcome.error.Error, Cause=message(outcome.error.Cause)) if outcome.error else None
        getattr(result, outcome.status).append(msgspec.structs.replace(outcome, error=error))
    return result


def message(cause: str) -> str:
    """The sentence in a Lambda error's Cause; the text itself where it is none (a timeout, an AWS error)."""
    try:
        return str(msgspec.json.decode(cause)["errorMessage"])
    except (msgspec.DecodeError, KeyError, TypeError):
        return cause
