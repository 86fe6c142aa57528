"""Streams the series of a table from its pages in order."""

from collections.abc import Iterator

from msgspec import Struct, field

from pipeline.errors import SourceContract, SourceInconsistent
from pipeline.source.layout import ColumnPath, layout
from pipeline.source.responses import Header, Page
from pipeline.source.shapes import Row
from pipeline.table.observations import Cells, Series, Table


class StreamState(Struct, kw_only=True):
    """A stream between two pages: cells received, numbers of the finished series, row and cells of the last series."""

    size: int = 0
    finished: list[str] = field(default_factory=list)
    row: Row | None = None
    cells: list[tuple[ColumnPath, str]] = field(default_factory=list)


class Stream:
    """The table that `header` describes; only the cells of its last series are held in memory."""

    def __init__(self, header: Header, state: StreamState) -> None:
        """Continue from `state`. Raises `SourceContract` if the header has no total."""
        if header.total is None:
            raise SourceContract("the metadata has no total, without which missing cells go unnoticed")
        self._total = header.total
        self._table = Table(header)
        self._table.size = state.size
        self._finished = set(state.finished)
        if state.row:
            paths, texts = zip(*state.cells, strict=True) if state.cells else ((), ())
            self._table.rows[state.row.series_no] = state.row
            self._table.cells[state.row.series_no] = Cells(layout(paths), list(texts))

    def add(self, page: Page, limit: int) -> Iterator[Series]:
        """Add the next page, of at most `limit` cells, and return each series that it completes.

        Raises `SourceInconsistent` if a cell has two values or a finished series is listed again, and `SourceContract`
        if the page has more or fewer cells than expected.
        """
        before = self._table.size
        for row in page.rows:
            if not row.columns:  # a server may list all series on every page
                continue
            number = row.series_no
            if number in self._finished:
                raise SourceInconsistent(f"series {number} is listed again after other series")
            if number not in self._table.rows:
                yield from self._close()
            self._table.add(Page(page.vintage, page.limit, [row]))
        size, expected = self._table.size - before, min(limit, self._total - before)
        if size != expected:
            raise SourceContract(f"the page from cell {before} has {size} cells, not {expected}")

    def finish(self) -> Iterator[Series]:
        """The last series. Raises `SourceIncomplete` if cells are missing."""
        self._table.check_complete()
        yield from self._close()

    def state(self) -> StreamState:
        """The state to continue from; only valid between two pages."""
        state = StreamState(size=self._table.size, finished=list(self._finished))
        for number, row in self._table.rows.items():
            state.row, (listed, texts) = row, self._table.cells[number].listed()
            state.cells = list(zip(listed.paths, texts, strict=True))
        return state

    def _close(self) -> Iterator[Series]:
        yield from self._table.series()
        self._finished.update(self._table.rows)
        self._table.rows.clear()
        self._table.cells.clear()
