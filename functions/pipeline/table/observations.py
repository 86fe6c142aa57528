"""The cells of one table, merged from its pages by series number, never by position."""

from collections.abc import Iterator

from msgspec import Struct

from pipeline.errors import SourceContract, SourceIncomplete, SourceInconsistent
from pipeline.source.responses import MAX_COLUMN_LEVELS, Header, Page, Row, label
from pipeline.table.periods import period_start
from pipeline.table.values import Meaning, read_value

ColumnPath = tuple[str, ...]  # column keys from the outermost to the innermost; one period key in a time series
NO_LEVELS = ("",) * MAX_COLUMN_LEVELS


class Observation(Struct, frozen=True):
    """One cell, all fields as text: a line of the flattened JSON, the input of the DataBrew recipe."""

    table_id: str
    frequency: str
    series_no: str
    series: str
    unit: str
    footnote: str
    period: str
    period_start: str
    column_1: str
    column_2: str
    column_3: str
    column_4: str
    column_5: str
    value: str
    value_text: str
    vintage: str


class Table:
    """The cells received so far of the table that `header` describes; `size` is their number."""

    def __init__(self, header: Header) -> None:
        self.header = header
        self.rows: dict[str, Row] = {}
        self.cells: dict[str, dict[ColumnPath, str]] = {}
        self.size = 0

    def add(self, page: Page) -> int:
        """Merge a page and return its number of new cells: those with text or, if there are none, the empty ones.

        A server may list all cells of the table on every page and leave those outside the page empty, so an empty text
        never replaces a value. Raises `SourceInconsistent` if a cell has two values.
        """
        filled = new = 0
        for row in page.rows:
            self.rows.setdefault(row.series_no, row)
            known = self.cells.setdefault(row.series_no, {})
            for path, text in row.cells():
                before = known.get(path)
                new += before is None
                if before and text and before != text:
                    cell = f"series {row.series_no}, {' / '.join(path)}"
                    raise SourceInconsistent(f"{cell} has two values, {before!r} and {text!r}")
                if not before:
                    filled += bool(text)
                    known[path] = text
        self.size += new
        return filled or new

    def check_complete(self) -> None:
        """Raises `SourceIncomplete` if the number of cells is zero or not the header's total."""
        if self.header.total not in (None, self.size):
            raise SourceIncomplete(f"{self.size} of {self.header.total} cells arrived")
        if not self.size:
            raise SourceIncomplete("the table has no cells")

    def observations(self) -> Iterator[tuple[Observation, Meaning]]:
        """Every cell and the meaning of its text: series in SingStat's order, periods in ascending order.

        Raises `SourceContract` if a period is not of the table's frequency or a time series has nested columns.
        """
        table_id, frequency, vintage = self.header.table_id, self.header.frequency, self.header.vintage.isoformat()
        for series_no, row in self.rows.items():
            series, unit, footnote = label(row.series), label(row.unit), label(row.footnote)
            for start, path, text in self._ordered(series_no):
                period, columns = ("", path) if frequency == "cross_sectional" else (path[0], ())
                levels = [*map(label, columns), *NO_LEVELS[len(columns) :]]
                meaning, value = read_value(text)
                observation = Observation(
                    table_id,
                    frequency,
                    series_no,
                    series,
                    unit,
                    footnote,
                    period,
                    start,
                    levels[0],
                    levels[1],
                    levels[2],
                    levels[3],
                    levels[4],
                    value,
                    text,
                    vintage,
                )
                yield observation, meaning

    def _ordered(self, series_no: str) -> list[tuple[str, ColumnPath, str]]:
        frequency = self.header.frequency
        if frequency == "cross_sectional":
            return [("", path, text) for path, text in self.cells[series_no].items()]
        if nested := next((path for path in self.cells[series_no] if len(path) > 1), None):
            raise SourceContract(f"series {series_no} has nested columns ({' / '.join(nested)}) in a time series")
        cells = self.cells[series_no].items()
        return sorted((period_start(path[0], frequency), path, text) for path, text in cells)
