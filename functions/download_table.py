"""State DownloadTable: fetch one table completely, unless its vintage is already published."""

import os

from pipeline.aws import data_bucket
from pipeline.contracts import keys
from pipeline.contracts.records import DownloadOutcome
from pipeline.contracts.states import DownloadRequest
from pipeline.handler import task
from pipeline.publication.record import Publication
from pipeline.steps.check import unchanged
from pipeline.steps.fetch import TableFetch, connect
from pipeline.steps.outage import watched
from pipeline.table.paging import fetch_table

LARGE_TABLE_CELLS = int(os.environ["LARGE_TABLE_CELLS"])

source = connect()


@task
def handler(request: DownloadRequest) -> DownloadOutcome:
    """Raises `WrongFrequency`, `StaleVintage`, `SourceIncomplete`, `SourceInconsistent` or `SourceContract`.

    And `EditionWithdrawn`, unless the run accepts what a rollback took from readers, `SourceUnavailable`, and
    `SourceDown` once 20 tables in a row were unavailable.
    """
    with watched(request.run_id, request.table_id):
        published, _ = data_bucket.read_optional(keys.publication(request.table_id), Publication)
        fetch = TableFetch(source, request.table_id, request.run_id, known_title=published.title if published else "")
        header = fetch.header()
        if outcome := unchanged(published, header, request):
            data_bucket.write(keys.outcome(request.run_id, request.table_id), outcome)
            return outcome
        if header.total and header.total > LARGE_TABLE_CELLS:
            return DownloadOutcome(table_id=request.table_id, status="large")
        return fetch.store(fetch_table(header, fetch.header, fetch.page))
