"""Whether SingStat has anything new of a table that is published: docs/decisions/0032."""

import time
from collections.abc import Iterator

from pipeline.aws import data_bucket, glue
from pipeline.contracts import keys
from pipeline.contracts.records import Checked, DownloadOutcome
from pipeline.contracts.states import CheckRequest, DownloadOptions
from pipeline.errors import InputInvalid, SourceDown, SourceError, SourceThrottled, SourceUnavailable
from pipeline.publication.gate import check_withdrawn
from pipeline.publication.record import Publication, is_current
from pipeline.run.plan import check_frequency
from pipeline.source.client import SingStat
from pipeline.source.responses import Header
from pipeline.steps import outage
from pipeline.steps.fetch import TableFetch

CHECK_SECONDS = 450  # then the function still has six minutes for a request that is under way


def unchanged(published: Publication | None, header: Header, options: DownloadOptions) -> DownloadOutcome | None:
    """The outcome of a table whose vintage readers see already; None if it is to be downloaded.

    Raises `WrongFrequency` or `StaleVintage`, and `EditionWithdrawn` unless the run accepts what a rollback took.
    """
    check_frequency(options.frequency, header.frequency)
    if not options.accept:
        check_withdrawn(published, header.vintage)
    if not published or not is_current(published, header) or options.force or not glue.is_visible(published):
        return None
    return DownloadOutcome(
        table_id=published.table_id,
        status="unchanged",
        frequency=header.frequency,
        vintage=published.vintage,
        observations=published.observations,
    )


def check(source: SingStat, request: CheckRequest) -> list[str]:
    """Record the tables of the batch that need no download; the ids of all others, in their order.

    A table that is not published is not asked for, and a failure is left to its download, which retries and records it;
    but once 20 tables in a row had no answer, the rest of the batch has failed.
    """
    outcomes: dict[str, DownloadOutcome] = {}
    try:
        outage.stop_if_down(request.run_id)
        for found in _unchanged(source, request):
            outcomes[found.table_id] = found
        if outcomes:
            outage.answered(request.run_id)
    except SourceDown as down:
        outcomes = {table_id: _down(table_id, down) for table_id in request.tables} | outcomes
    data_bucket.write(keys.checked(request.run_id, request.tables[0]), Checked(outcomes=list(outcomes.values())))
    return [table_id for table_id in request.tables if table_id not in outcomes]


def _unchanged(source: SingStat, request: CheckRequest) -> Iterator[DownloadOutcome]:
    ends = time.monotonic() + CHECK_SECONDS
    for table_id in () if request.force else request.tables:
        published, _ = data_bucket.read_optional(keys.publication(table_id), Publication)
        if published and time.monotonic() < ends and (found := _check(source, published, request)):
            yield found


def _check(source: SingStat, published: Publication, request: CheckRequest) -> DownloadOutcome | None:
    try:
        header = TableFetch(source, published.table_id, request.run_id).header()
        return unchanged(published, header, request)
    except SourceThrottled:
        return None
    except SourceUnavailable:
        outage.unavailable(request.run_id, published.table_id)
        return None
    except (SourceError, InputInvalid):
        return None


def _down(table_id: str, down: SourceDown) -> DownloadOutcome:
    return DownloadOutcome(table_id=table_id, status="failed", error=down.failure("CheckTables", table_id))
