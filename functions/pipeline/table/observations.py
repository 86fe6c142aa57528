"""The cells of one table, put together from its pages by series number, never by position."""

from collections.abc import Iterator

from msgspec import Struct

from pipeline.errors import SourceContract, SourceIncomplete, SourceInconsistent
from pipeline.source.answers import MAX_COLUMN_LEVELS, Header, Page, Row, label
from pipeline.table.periods import period_start
from pipeline.table.values import Meaning, read_value

Path = tuple[str, ...]
NO_LEVELS = ("",) * MAX_COLUMN_LEVELS


class Observation(Struct, frozen=True):
    """One cell, all text: a line of the flattened file, and what DataBrew turns into the published columns."""

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
    """What has arrived of the table that `header` announces."""

    def __init__(self, header: Header) -> None:
        self.header = header
        self.rows: dict[str, Row] = {}
        self.cells: dict[str, dict[Path, str]] = {}
        self.size = 0

    def add(self, page: Page) -> int:
        """Merge a page and return how many cells it brought: those with text, else those not listed before.

        A server may repeat the skeleton of the table on every page and leave cells outside the page empty, so an
        empty text never replaces a value. Raises `SourceInconsistent` when a cell arrives with two values.
        """
        filled = unseen = 0
        for row in page.rows:
            self.rows.setdefault(row.series_no, row)
            known = self.cells.setdefault(row.series_no, {})
            for path, text in row.cells():
                before = known.get(path)
                unseen += before is None
                if before and text and before != text:
                    cell = f"series {row.series_no}, {' / '.join(path)}"
                    raise SourceInconsistent(f"{cell} came as {before!r} and as {text!r}")
                if not before:
                    filled += bool(text)
                    known[path] = text
        self.size += unseen
        return filled or unseen

    def check_complete(self) -> None:
        """Raise `SourceIncomplete` unless every cell that the metadata count is here."""
        if self.header.total not in (None, self.size):
            raise SourceIncomplete(f"{self.size} of {self.header.total} cells arrived")
        if not self.size:
            raise SourceIncomplete("the table has no cells")

    def observations(self) -> Iterator[tuple[Observation, Meaning]]:
        """Every cell with the meaning of its text: series as they came, the periods of a series in time order."""
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

    def _ordered(self, series_no: str) -> list[tuple[str, Path, str]]:
        frequency = self.header.frequency
        if frequency == "cross_sectional":
            return [("", path, text) for path, text in self.cells[series_no].items()]
        if nested := next((path for path in self.cells[series_no] if len(path) > 1), None):
            raise SourceContract(f"series {series_no} has nested columns ({' / '.join(nested)}) in a time series")
        cells = self.cells[series_no].items()
        return sorted((period_start(path[0], frequency), path, text) for path, text in cells)
