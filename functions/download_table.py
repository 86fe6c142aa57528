"""State DownloadTable: fetch one table whole, unless its vintage is published already."""

import os
from datetime import UTC, datetime

from pipeline.aws import data_bucket, glue
from pipeline.contracts import keys
from pipeline.contracts.records import DownloadOutcome, DownloadStatus
from pipeline.contracts.states import DownloadRequest
from pipeline.handler import task
from pipeline.publication.record import Publication, is_current
from pipeline.run.plan import check_frequency
from pipeline.source.client import SingStat
from pipeline.steps.fetch import TableFetch
from pipeline.table.paging import fetch_table

LARGE_TABLE_CELLS = int(os.environ["LARGE_TABLE_CELLS"])

source = SingStat(os.environ["SOURCE_URL"], float(os.environ["BACKOFF_SECONDS"]))


@task
def handler(request: DownloadRequest) -> DownloadOutcome:
    published, _ = data_bucket.read_optional(keys.publication(request.table_id), Publication)
    fetch = TableFetch(source, request.table_id, request.run_id, known_title=published.title if published else "")
    header = fetch.header()
    check_frequency(request.frequency, header.frequency)
    if published and is_current(published, header) and not request.force and glue.is_visible(published):
        status: DownloadStatus = "unchanged"
        observations, pages = published.observations, 0
    elif header.total and header.total > LARGE_TABLE_CELLS:
        return DownloadOutcome(table_id=request.table_id, status="large")
    else:
        table = fetch_table(header, fetch.header, fetch.page)
        manifest = fetch.store(table, fetched_at=datetime.now(UTC).isoformat(timespec="seconds"))
        header, status, observations = table.header, "stored", manifest.observations
        pages = len(manifest.pages)
    outcome = DownloadOutcome(
        table_id=request.table_id,
        status=status,
        frequency=header.frequency,
        vintage=header.vintage.isoformat(),
        observations=observations,
        pages=pages,
    )
    data_bucket.write(keys.outcome(request.run_id, request.table_id), outcome)
    return outcome
