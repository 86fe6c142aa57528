"""The cells of one table, merged from its pages by series number, never by position."""

from collections.abc import Iterator
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from pipeline.errors import SourceContract, SourceIncomplete, SourceInconsistent
from pipeline.source.layout import ColumnPath, Layout, joined, layout, read_cells
from pipeline.source.responses import Header, Page, label
from pipeline.source.shapes import MAX_COLUMN_LEVELS, Row
from pipeline.table.periods import period_name, period_start
from pipeline.table.values import Meaning, read_value

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


class Added(NamedTuple):
    """What a page brought: how many cells it lists, and how many of them were unknown or empty until then."""

    listed: int
    new: int


class Cells:  # noqa: PLW1641 - it changes, so it has no hash
    """The cells of one series in the order of arrival; a dictionary once a page lists some of them again."""

    def __init__(self, layout: Layout, texts: list[str]) -> None:
        self._layout, self._texts = layout, texts
        self._merged: dict[ColumnPath, str] | None = None

    def __len__(self) -> int:
        return len(self._texts if self._merged is None else self._merged)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cells) and self.merged() == other.merged()

    def listed(self) -> tuple[Layout, list[str]]:
        """The layout and the texts."""
        if self._merged is None:
            return self._layout, self._texts
        return layout(tuple(self._merged)), list(self._merged.values())

    def append(self, layout: Layout, texts: list[str]) -> bool:
        """Add cells, each of them listed once; false if that is left to `merged`, as some are known already."""
        if self._merged is not None or not (both := joined(self._layout, layout)):
            return False
        self._layout, self._texts = both, self._texts + texts
        return True

    def merged(self) -> dict[ColumnPath, str]:
        """The texts by cell, to be changed in place."""
        if self._merged is None:
            self._merged = dict(zip(self._layout.paths, self._texts, strict=True))
        return self._merged


class Series(NamedTuple):
    """One series of the table that `header` describes, complete; `row` has its labels, `texts` are in listed order."""

    header: Header
    row: Row
    layout: Layout
    texts: list[str]

    def observations(self) -> Iterator[tuple[Observation, Meaning]]:
        """Every cell and the meaning of its text, in ascending order of the periods.

        If a period is spelt in two ways and its texts are equal, the second cell is `REPEATED`.
        Raises `SourceInconsistent` if they differ or two columns have equal labels, `SourceContract` if a period is not
        of the table's frequency or a time series has nested columns.
        """
        header, row, number = self.header, self.row, self.row.series_no
        series, unit, footnote = label(row.series), label(row.unit), label(row.footnote)
        vintage = header.vintage.isoformat()
        texts: dict[ColumnPath, str] = {}
        for start, path, text in self._ordered():
            period, columns = ("", path) if header.frequency == "cross_sectional" else (period_name(path[0]), ())
            levels = [*map(label, columns), *NO_LEVELS[len(columns) :]]
            meaning, value = read_value(text)
            key = (start, *levels)
            if key in texts:
                if columns or texts[key] != text:
                    raise _twice(number, tuple(filter(None, key)), texts[key], text)
                meaning = Meaning.REPEATED
            texts[key] = text
            observation = Observation(
                header.table_id,
                header.frequency,
                number,
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

    def _ordered(self) -> list[tuple[str, ColumnPath, str]]:
        frequency, cells = self.header.frequency, zip(self.layout.paths, self.texts, strict=True)
        if frequency == "cross_sectional":
            return [("", path, text) for path, text in cells]
        if nested := next((path for path in self.layout.paths if len(path) > 1), None):
            number = self.row.series_no
            raise SourceContract(f"series {number} has nested columns ({' / '.join(nested)}) in a time series")
        return sorted((period_start(path[0], frequency), path, text) for path, text in cells)


class Table:
    """The cells received so far of the table that `header` describes; `size` is their number."""

    def __init__(self, header: Header) -> None:
        self.header = header
        self.rows: dict[str, Row] = {}  # without columns
        self.cells: dict[str, Cells] = {}
        self.size = 0
        self.repeated = False  # whether the last page was a full one of cells known before

    def add(self, page: Page) -> Added:
        """Merge a page.

        A server may list all cells of the table on every page and leave those outside the page empty, so an empty text
        never replaces a value. Raises `SourceInconsistent` if a cell has two values, a row lists a cell twice, or the
        labels of a row differ between pages, and `SourceContract` as `Row.cells`.
        """
        listed = new = valued = 0
        for row in page.rows:
            number, (layout, texts) = row.series_no, read_cells(row)
            known = self.cells.get(number)
            if known and texts:
                _check_labels(self.rows[number], row)
            if not layout.listed_once:
                _check_listed_once(number, layout, texts)
            added, filled = len(texts), 0
            if not known:
                self.rows[number] = replace(row, columns=[])
                self.cells[number] = Cells(layout, texts)
            elif not known.append(layout, texts):
                added, filled = _merge(number, known.merged(), layout, texts)
            self.size += added
            new += added + filled
            listed += len(texts)
            valued += any(texts)
        self.repeated = listed == page.limit and bool(valued) and not new
        return Added(listed, new)

    def check_complete(self) -> None:
        """Raises `SourceIncomplete` if the number of cells is zero or not the header's total."""
        if self.header.total not in (None, self.size):
            raise SourceIncomplete(f"{self.size} of {self.header.total} cells arrived")
        if not self.size:
            raise SourceIncomplete("the table has no cells")

    def doubt(self) -> str:
        """Why the table may lack cells although its pages have ended; "" if the metadata say otherwise."""
        header = self.header
        if header.total is not None:
            return ""
        if header.frequency != "cross_sectional":
            return "the metadata have no total, without which missing cells go unnoticed"
        if missing := [number for number in header.rows if not self.cells.get(number)]:
            arrived = len(header.rows) - len(missing)
            return f"{arrived} of the {len(header.rows)} rows in the metadata arrived; row {missing[0]} did not"
        if self.repeated and not header.rows:
            return "its last page repeats the cells of an earlier one"
        columns = [cells.listed()[0].paths for cells in self.cells.values() if cells]
        last, widest = columns[-1], max(columns, key=len)
        if len(last) < len(widest) and last[-1] != widest[-1]:
            return f"the last row ends after {len(last)} cells; another has {len(widest)}"
        return ""

    def series(self) -> Iterator[Series]:
        """Every series with cells, in SingStat's order."""
        for number, cells in self.cells.items():
            if cells:
                yield Series(self.header, self.rows[number], *cells.listed())

    def observations(self) -> Iterator[tuple[Observation, Meaning]]:
        """Every cell and the meaning of its text, series by series. Raises as `Series.observations`."""
        return (each for series in self.series() for each in series.observations())


def _check_labels(known: Row, row: Row) -> None:
    before, now = ((label(each.series), label(each.unit), label(each.footnote)) for each in (known, row))
    if before != now:
        raise SourceInconsistent(f"series {row.series_no} is {before!r:.100} on one page and {now!r:.100} on another")


def _check_listed_once(number: str, layout: Layout, listed: list[str]) -> None:
    texts: dict[ColumnPath, str] = {}
    for path, text in zip(layout.paths, listed, strict=True):
        if path in texts:
            raise _twice(number, path, texts[path], text)
        texts[path] = text


def _merge(number: str, known: dict[ColumnPath, str], layout: Layout, texts: list[str]) -> tuple[int, int]:
    """Add the cells that a further page lists; the numbers of cells added, and of those that were empty until then."""
    size, filled = len(known), 0
    for path, text in zip(layout.paths, texts, strict=True):
        before = known.get(path)
        if not before:
            filled += bool(text) and before is not None
            known[path] = text
        elif text and before != text:
            raise _twice(number, path, before, text)
    return len(known) - size, filled


def _twice(number: str, path: ColumnPath, first: str, second: str) -> SourceInconsistent:
    what = "values" if first != second else "cells"
    return SourceInconsistent(f"series {number}, {' / '.join(path)} has two {what}, {first[:40]!r} and {second[:40]!r}")
