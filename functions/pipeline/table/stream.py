"""The observations of a table whose pages come in order: each series leaves as soon as it is whole."""

from collections.abc import Iterator

from msgspec import Struct, field

from pipeline.errors import SourceContract, SourceInconsistent
from pipeline.source.answers import Header, Page, Row
from pipeline.table.observations import Observation, Path, Table
from pipeline.table.values import Meaning

Observations = Iterator[tuple[Observation, Meaning]]


class StreamState(Struct, kw_only=True):
    """Where a stream stands: its cells so far, the series that have left, and the one that is still open."""

    size: int = 0
    finished: list[str] = field(default_factory=list)
    row: Row | None = None
    cells: list[tuple[Path, str]] = field(default_factory=list)


class Stream:
    """What has arrived of the table that `header` announces; of its cells only those of one series are held."""

    def __init__(self, header: Header, state: StreamState) -> None:
        """Go on from `state`. Raises `SourceContract` for a table that does not tell its number of cells."""
        if header.total is None:
            raise SourceContract("the table does not tell its number of cells, without which none can be missed")
        self._total = header.total
        self._table = Table(header)
        self._table.size = state.size
        self._finished = set(state.finished)
        if state.row:
            self._table.rows[state.row.series_no] = state.row
            self._table.cells[state.row.series_no] = dict(state.cells)

    def add(self, page: Page, limit: int) -> Observations:
        """The next page, of at most `limit` cells: the observations of every series that another follows.

        Raises `SourceInconsistent` when a cell arrives with two values or a series comes again after others,
        `SourceContract` when the page has not just the cells that belong there.
        """
        before = self._table.size
        for row in page.rows:
            if not row.columns:  # a server may list every series on every page
                continue
            number = row.series_no
            if number in self._finished:
                raise SourceInconsistent(f"series {number} came again after others")
            if number not in self._table.rows:
                yield from self._close()
            self._table.add(Page(page.vintage, page.limit, [row]))
        arrived, due = self._table.size - before, min(limit, self._total - before)
        if arrived != due:
            raise SourceContract(f"the page from cell {before} has {arrived} cells, not {due}")

    def finish(self) -> Observations:
        """The observations of the last series. Raises `SourceIncomplete` unless every cell has arrived."""
        self._table.check_complete()
        yield from self._close()

    def state(self) -> StreamState:
        """Where the stream stands, between two pages."""
        state = StreamState(size=self._table.size, finished=list(self._finished))
        for number, row in self._table.rows.items():
            state.row = Row(row.series, row.of_series, row.of_row, row.unit, row.footnote)
            state.cells = list(self._table.cells[number].items())
        return state

    def _close(self) -> Observations:
        yield from self._table.observations()
        self._finished.update(self._table.rows)
        self._table.rows.clear()
        self._table.cells.clear()
