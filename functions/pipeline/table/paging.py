"""Paging of `GET /tabledata/{id}`: `offset` and `limit` count cells, and all pages of a fetch have one vintage."""

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from pipeline.errors import SourceContract, SourceInconsistent
from pipeline.source.responses import Header, Page
from pipeline.table.observations import Table

MAX_FETCHES = 3
MAX_PAGES = 2000  # 4,000,000 cells at the smallest limit observed; bounds the loop if the server never ends

FetchHeader = Callable[[], Header]
FetchPage = Callable[[Header, int, int, int | None], Page]
T = TypeVar("T")


class VintageChanged(Exception):
    """A page and the header have different vintages: the table was republished during the fetch."""


def check_vintage(page: Page, header: Header) -> None:
    """Raises `VintageChanged` if the page and the header have different vintages; an empty page has none."""
    if page.vintage not in (None, header.vintage):
        raise VintageChanged


def fetch_one_vintage(header: Header, fetch_header: FetchHeader, fetch: Callable[[Header], T]) -> T:
    """The result of `fetch(header)`, which starts again with a new header whenever it raises `VintageChanged`.

    Raises `SourceInconsistent` if that happens in each of three fetches.
    """
    for attempt in range(MAX_FETCHES):
        with suppress(VintageChanged):
            return fetch(fetch_header() if attempt else header)
    raise SourceInconsistent(f"the table was republished during each of {MAX_FETCHES} fetches")


def fetch_table(header: Header, fetch_header: FetchHeader, fetch_page: FetchPage) -> Table:
    """All cells of the table that `header` describes, fetched page after page.

    `fetch_page(header, number, offset, limit)` returns page `number`, which starts at cell `offset`; `limit` is the
    page size that the previous page reported, in cells, and None for the first page.
    Raises `SourceInconsistent` if the table is republished during three fetches or a cell has two values,
    `SourceIncomplete` if cells are missing, `SourceContract` after 2,000 pages.
    """
    return fetch_one_vintage(header, fetch_header, lambda current: _fetch_pages(current, fetch_page))


def _fetch_pages(header: Header, fetch_page: FetchPage) -> Table:
    table = Table(header)
    offset, limit = 0, None
    for number in range(MAX_PAGES):
        page = fetch_page(header, number, offset, limit)
        check_vintage(page, header)
        added = table.add(page)
        offset, limit = offset + added, page.limit
        if not added or offset == header.total:
            table.check_complete()
            return table
    raise SourceContract(f"the table has more than {MAX_PAGES} pages")
