"""The cells of one table, merged from its pages by series number, never by position."""

from collections.abc import Iterator
from typing import NamedTuple

from msgspec import Struct

from pipeline.errors import SourceContract, SourceIncomplete, SourceInconsistent
from pipeline.source.responses import Header, Page, label
from pipeline.source.shapes import MAX_COLUMN_LEVELS, Row
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


class Added(NamedTuple):
    """What a page brought: how many cells it lists, and how many of them were unknown or empty until then."""

    listed: int
    new: int


class Table:
    """The cells received so far of the table that `header` describes; `size` is their number."""

    def __init__(self, header: Header) -> None:
        self.header = header
        self.rows: dict[str, Row] = {}
        self.cells: dict[str, dict[ColumnPath, str]] = {}
        self.size = 0

    def add(self, page: Page) -> Added:
        """Merge a page.

        A server may list all cells of the table on every page and leave those outside the page empty, so an empty text
        never replaces a value. Raises `SourceInconsistent` if a cell has two values, a row lists a cell twice, or the
        labels of a row differ between pages, and `SourceContract` as `Row.cells`.
        """
        listed = new = 0
        for row in page.rows:
            number, cells = row.series_no, list(row.cells())
            known = self.cells.setdefault(number, {})
            if not known:
                self.rows[number] = row
            elif cells:
                _check_labels(self.rows[number], row)
            if len(dict(cells)) < len(cells):
                _check_listed_once(number, cells)
            size = len(known)
            for path, text in cells:
                before = known.get(path)
                if not before:
                    known[path] = text
                    new += bool(text) and before is not None
                elif text and before != text:
                    raise _twice(number, path, before, text)
            self.size += len(known) - size
            new += len(known) - size
            listed += len(cells)
        return Added(listed, new)

    def check_complete(self) -> None:
        """Raises `SourceIncomplete` if the number of cells is zero or not the header's total."""
        if self.header.total not in (None, self.size):
            raise SourceIncomplete(f"{self.size} of {self.header.total} cells arrived")
        if not self.size:
            raise SourceIncomplete("the table has no cells")

    def doubt(self) -> str:
        """Why the table may lack cells although its pages have ended; "" if the metadata say otherwise."""
        header, columns = self.header, [list(cells) for cells in self.cells.values() if cells]
        if header.total is not None:
            return ""
        if header.frequency != "cross_sectional":
            return "the metadata have no total, without which missing cells go unnoticed"
        if missing := [number for number in header.rows if not self.cells.get(number)]:
            arrived = len(header.rows) - len(missing)
            return f"{arrived} of the {len(header.rows)} rows in the metadata arrived; row {missing[0]} did not"
        last, widest = columns[-1], max(columns, key=len)
        if len(last) < len(widest) and last[-1] != widest[-1]:
            return f"the last row ends after {len(last)} cells; another has {len(widest)}"
        return ""

    def observations(self) -> Iterator[tuple[Observation, Meaning]]:
        """Every cell and the meaning of its text: series in SingStat's order, periods in ascending order.

        If a period is spelt in two ways and its texts are equal, the second cell is `REPEATED`.
        Raises `SourceInconsistent` if they differ or two columns of a row have equal labels, `SourceContract` if a
        period is not of the table's frequency or a time series has nested columns.
        """
        table_id, frequency, vintage = self.header.table_id, self.header.frequency, self.header.vintage.isoformat()
        for series_no, row in self.rows.items():
            series, unit, footnote = label(row.series), label(row.unit), label(row.footnote)
            texts: dict[ColumnPath, str] = {}
            for start, path, text in self._ordered(series_no):
                period, columns = ("", path) if frequency == "cross_sectional" else (path[0], ())
                levels = [*map(label, columns), *NO_LEVELS[len(columns) :]]
                meaning, value = read_value(text)
                key = (start, *levels)
                if key in texts:
                    if columns or texts[key] != text:
                        raise _twice(series_no, tuple(filter(None, key)), texts[key], text)
                    meaning = Meaning.REPEATED
                texts[key] = text
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


def _check_labels(known: Row, row: Row) -> None:
    before, now = ((each.series, each.unit, each.footnote) for each in (known, row))
    if before != now:
        raise SourceInconsistent(f"series {row.series_no} is {before!r:.100} on one page and {now!r:.100} on another")


def _check_listed_once(number: str, cells: list[tuple[ColumnPath, str]]) -> None:
    texts: dict[ColumnPath, str] = {}
    for path, text in cells:
        if path in texts:
            raise _twice(number, path, texts[path], text)
        texts[path] = text


def _twice(number: str, path: ColumnPath, first: str, second: str) -> SourceInconsistent:
    what = "values" if first != second else "cells"
    return SourceInconsistent(f"series {number}, {' / '.join(path)} has two {what}, {first[:40]!r} and {second[:40]!r}")
