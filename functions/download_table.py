"""State DownloadTable: fetch one table completely, unless its vintage is already published."""

import os

from pipeline.aws import data_bucket, glue
from pipeline.contracts import keys
from pipeline.contracts.records import DownloadOutcome
from pipeline.contracts.states import DownloadRequest
from pipeline.handler import task
from pipeline.publication.gate import check_withdrawn
from pipeline.publication.record import Publication, is_current
from pipeline.run.plan import check_frequency
from pipeline.steps.fetch import TableFetch, connect
from pipeline.table.paging import fetch_table

LARGE_TABLE_CELLS = int(os.environ["LARGE_TABLE_CELLS"])

source = connect()


@task
def handler(request: DownloadRequest) -> DownloadOutcome:
    """Raises `WrongFrequency`, `StaleVintage`, `SourceIncomplete`, `SourceInconsistent` or `SourceContract`.

    And `EditionWithdrawn`, unless the run accepts what a rollback took from readers.
    """
    published, _ = data_bucket.read_optional(keys.publication(request.table_id), Publication)
    fetch = TableFetch(source, request.table_id, request.run_id, known_title=published.title if published else "")
    header = fetch.header()
    check_frequency(request.frequency, header.frequency)
    if not request.accept:
        check_withdrawn(published, header.vintage)
    if published and is_current(published, header) and not request.force and glue.is_visible(published):
        outcome = DownloadOutcome(
            table_id=request.table_id,
            status="unchanged",
            frequency=header.frequency,
            vintage=published.vintage,
            observations=published.observations,
        )
        data_bucket.write(keys.outcome(request.run_id, request.table_id), outcome)
        return outcome
    if header.total and header.total > LARGE_TABLE_CELLS:
        return DownloadOutcome(table_id=request.table_id, status="large")
    return fetch.store(fetch_table(header, fetch.header, fetch.page))
