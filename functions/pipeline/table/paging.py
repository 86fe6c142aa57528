"""Fetch one table whole: pages are counted in cells, and one edition never mixes with another."""

from collections.abc import Callable

from pipeline.errors import SourceContract, SourceInconsistent
from pipeline.source.answers import Header, Page
from pipeline.table.observations import Table

MAX_FETCHES = 3
MAX_PAGES = 2000  # 4,000,000 cells at the smallest cap ever seen; an endless server stops here

FetchHeader = Callable[[], Header]
FetchPage = Callable[[Header, int, int, int | None], Page]


def fetch_table(header: Header, fetch_header: FetchHeader, fetch_page: FetchPage) -> Table:
    """The whole table that `header` announces.

    `fetch_page(header, number, offset, limit)` gives page `number`, from cell `offset`; `limit` is what the server
    echoed before, None at first. When a page has another vintage than the header, the fetch starts again.
    Raises `SourceInconsistent` when that happens three times, `SourceIncomplete` when cells are missing.
    """
    for _ in range(MAX_FETCHES):
        table = Table(header)
        if _fill(table, fetch_page):
            table.check_complete()
            return table
        header = fetch_header()
    raise SourceInconsistent(f"the table was republished during each of {MAX_FETCHES} fetches")


def _fill(table: Table, fetch_page: FetchPage) -> bool:
    """Add pages until the end; False when a page of another vintage turns up."""
    offset, limit = 0, None
    for number in range(MAX_PAGES):
        page = fetch_page(table.header, number, offset, limit)
        if page.vintage not in (None, table.header.vintage):
            return False
        gained = table.add(page)
        offset, limit = offset + gained, page.limit
        if not gained or offset == table.header.total:
            return True
    raise SourceContract(f"no end after {MAX_PAGES} pages")
