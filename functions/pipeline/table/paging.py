"""Paging of `GET /tabledata/{id}`: `offset` and `limit` count cells, and all pages of a fetch are of one edition."""

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from pipeline.errors import SourceContract, SourceInconsistent
from pipeline.source.responses import Header, Page
from pipeline.table.observations import Table

MAX_FETCHES = 3
MAX_PAGES = 2000  # 4,000,000 cells at the smallest limit observed; bounds the loop if the server never ends
MAX_CELLS = 1_000_000  # of a table without a total, which is held in memory

FetchHeader = Callable[[], Header]
FetchPage = Callable[[Header, int, int, int | None], Page]
T = TypeVar("T")


class VintageChanged(Exception):
    """A page and the header have different vintages: the table was republished during the fetch."""


def check_page(page: Page, header: Header) -> None:
    """Compare what the page says about the table with the header.

    Raises `SourceInconsistent` for another table or frequency, `VintageChanged` for another vintage.
    """
    for name in ("table_id", "frequency"):
        found, expected = getattr(page, name), getattr(header, name)
        if found not in (None, expected):
            raise SourceInconsistent(f"a page has the {name} {found[:40]!r}, the metadata have {expected!r}")
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
    A cross-sectional table whose metadata list no rows is fetched twice. Raises `SourceInconsistent` if the fetches
    differ, the table is republished during three fetches, a page is of another table or a cell has two values,
    `SourceIncomplete` if cells are missing, `SourceContract` if it does not end after 2,000 pages, or 1,000,000 cells
    without a total.
    """
    return fetch_one_vintage(header, fetch_header, lambda current: _fetch_and_compare(current, fetch_page))


def _fetch_and_compare(header: Header, fetch_page: FetchPage) -> Table:
    table = _fetch_pages(header, fetch_page)
    if header.frequency == "cross_sectional" and header.total is None and not header.rows:
        first, table = table, _fetch_pages(header, fetch_page)
        if table.cells != first.cells:
            raise SourceInconsistent(f"two fetches of one vintage differ: {first.size} and {table.size} cells")
    return table


def _fetch_pages(header: Header, fetch_page: FetchPage) -> Table:
    table = Table(header)
    offset, limit = 0, None
    for number in range(MAX_PAGES):
        page = fetch_page(header, number, offset, limit)
        check_page(page, header)
        listed, new = table.add(page)
        limit = page.limit or listed
        offset += min(listed, limit)
        lists_all = listed > limit  # and leaves the cells outside the page empty
        total = listed if lists_all and header.total is None and table.size == listed else header.total
        exhausted = not new and not lists_all
        if exhausted or (total is not None and (offset >= total or table.size > total)):
            table.check_complete()
            return table
        if total is None and table.size > MAX_CELLS:
            break
    raise SourceContract(f"the table does not end after {number + 1} pages and {table.size} cells")
