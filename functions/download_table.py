"""State DownloadTable: fetch one table whole, unless its vintage is published already."""

import os
from datetime import UTC, datetime

from pipeline import glue, keys, lake
from pipeline.download import fetch_table
from pipeline.events import DownloadOutcome, DownloadRequest, DownloadStatus
from pipeline.pages import Fetch
from pipeline.plan import check_frequency
from pipeline.publication import Publication, is_current
from pipeline.singstat import SingStat
from pipeline.task import task

LARGE_TABLE_CELLS = int(os.environ["LARGE_TABLE_CELLS"])

source = SingStat.from_environment()


@task
def handler(request: DownloadRequest) -> DownloadOutcome:
    published, _ = lake.read_if_there(keys.publication(request.table_id), Publication)
    fetch = Fetch(source, request.table_id, request.run_id, known_title=published.title if published else "")
    header = fetch.header()
    check_frequency(request.frequency, header.frequency)
    if published and is_current(published, header) and not request.force and glue.shows(published):
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
    lake.write(keys.outcome(request.run_id, request.table_id), outcome)
    return outcome
