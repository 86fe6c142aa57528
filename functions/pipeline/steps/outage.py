"""The stop for the night: after 20 tables in a row that are unavailable, a run asks SingStat for no more."""

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from pipeline.aws import data_bucket
from pipeline.contracts import keys
from pipeline.contracts.records import Outage
from pipeline.errors import SourceDown, SourceThrottled, SourceUnavailable

IN_A_ROW = 20


@contextmanager
def watched(run_id: str, table_id: str) -> Iterator[None]:
    """Count what is raised inside as no answer, anything else as one. 429 is neither.

    Raises `SourceDown`, before anything is asked, once 20 tables in a row had no answer.
    """
    stop_if_down(run_id)
    try:
        yield
    except SourceThrottled:
        raise
    except SourceUnavailable:
        unavailable(run_id, table_id)
        raise
    answered(run_id)


def stop_if_down(run_id: str) -> None:
    """Raises `SourceDown` once 20 tables in a row had no answer."""
    _stop(data_bucket.read_optional(keys.outage(run_id), Outage)[0])


def unavailable(run_id: str, table_id: str) -> None:
    """Count a table without an answer, while other batches count theirs. Raises `SourceDown` if it is the 20th."""
    added = False
    while not added:
        known, etag = data_bucket.read_optional(keys.outage(run_id), Outage)
        _stop(known)
        outage = Outage(tables=list(dict.fromkeys([*(known.tables if known else []), table_id])))
        added = data_bucket.compare_and_swap(keys.outage(run_id), msgspec.json.encode(outage), etag)
    _stop(outage)


def answered(run_id: str) -> None:
    """Start to count again, unless the run has stopped."""
    known, etag = data_bucket.read_optional(keys.outage(run_id), Outage)
    if known and 0 < len(known.tables) < IN_A_ROW:
        data_bucket.compare_and_swap(keys.outage(run_id), msgspec.json.encode(Outage(tables=[])), etag)


def _stop(outage: Outage | None) -> None:
    if outage and len(outage.tables) >= IN_A_ROW:
        raise SourceDown(f"SingStat was unavailable for {IN_A_ROW} tables in a row, and this run asks for no more")
