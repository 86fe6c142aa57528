"""Refreshes the catalogue in the data bucket from SingStat's search."""

from datetime import datetime

import msgspec

from pipeline.aws import data_bucket
from pipeline.contracts import keys
from pipeline.contracts.states import CatalogueCounts
from pipeline.errors import (
    PublishConflict,
    SourceContract,
    SourceMalformed,
    SourceRefused,
    SourceTimeout,
)
from pipeline.run.catalogue import EVERYTHING, KEYWORDS, ListedTable, merged, refreshed
from pipeline.source.client import SingStat
from pipeline.source.responses import SearchResult, read_search
from pipeline.steps.fetch import SINGAPORE


def refresh(source: SingStat, accept: bool) -> CatalogueCounts:
    """Search for all tables, compare them with the catalogue and replace it.

    Raises `CatalogueShrunk` if more than a tenth is gone, unless `accept`; `PublishConflict` if another run replaced
    the catalogue in the meantime; `SourceIncomplete`, `SourceInconsistent` or `SourceContract` as `merged`; and
    `SourceUnavailable`, `SourceMalformed` or `TableNotFound` as the client and `read_search`.
    """
    known, etag = data_bucket.read_lines(keys.catalogue(), ListedTable)
    today = datetime.now(SINGAPORE).date().isoformat()
    tables = refreshed(known, _search(source), today, accept)
    body = msgspec.json.Encoder().encode_lines(tables)
    if not data_bucket.compare_and_swap(keys.catalogue(), body, etag):
        raise PublishConflict("another run refreshed the catalogue in the meantime")
    before = {table.table_id for table in known}
    retired_before = {table.table_id for table in known if table.retired_on}
    return CatalogueCounts(
        listed=sum(table.retired_on is None for table in tables),
        new=sum(table.table_id not in before for table in tables),
        retired=sum(table.retired_on is not None and table.table_id not in retired_before for table in tables),
    )


def _search(source: SingStat) -> list[SearchResult]:
    """All tables, in one answer if SingStat gives one, else in one for each letter and digit of the titles."""
    try:
        everything = read_search(source.search(EVERYTHING))
    except (SourceTimeout, SourceMalformed, SourceContract, SourceRefused):
        everything = []
    return merged([everything] if everything else (read_search(source.search(keyword)) for keyword in KEYWORDS))
