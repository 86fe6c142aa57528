"""Published rows as files: a CSV for each table, and one workbook with the rows, notes and proof of all."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime

from pipeline.frequency import Frequency
from pipeline.report.content import TableReport
from pipeline.report.wording import citation
from pipeline.report.workbook import Book
from pipeline.table import schema
from pipeline.table.observations import Observation
from pipeline.table.values import MARKERS, NUMBER

MAX_ROWS = 100_000  # of the workbook; a sheet of Excel could have ten times as many
FORMULA = ("=", "+", "-", "@", "\t", "\r")
COLUMNS = {"table_id": schema.TEXT, "frequency": schema.TEXT} | schema.STAGED


class Csv:
    """The rows of one table as CSV in UTF-8, with the columns that readers query."""

    def __init__(self, frequency: Frequency) -> None:
        columns = schema.CROSS_SECTIONAL if frequency == "cross_sectional" else schema.TIME_SERIES
        self._columns = [*columns, "table_id"]
        self._text = io.StringIO(newline="")
        self._writer = csv.writer(self._text, lineterminator="\n")
        self._writer.writerow(self._columns)

    def add(self, series: Sequence[Observation]) -> None:
        """The rows of one series."""
        columns = self._columns
        self._writer.writerows([safe(getattr(each, name)) for name in columns] for each in series)

    def finish(self) -> bytes:
        """The whole file."""
        return self._text.getvalue().encode()


def safe(text: str) -> str:
    """The text as a CSV may hold it: with a quote before what a spreadsheet would take for a formula."""
    if not text.startswith(FORMULA) or NUMBER.fullmatch(text) or text in MARKERS:
        return text
    return f"'{text}"


class DataBook:
    """data.xlsx: sheets data, notes and quality."""

    def __init__(self, created: datetime) -> None:
        """`created` stands in the file, which is the same whenever it is made."""
        self._book = Book(created)
        self._data = self._book.sheet("data", COLUMNS)
        self._rows = 0

    def has_room(self, rows: int) -> bool:
        """Whether a table of so many rows fits as a whole."""
        return self._rows + rows <= MAX_ROWS

    def add(self, series: Sequence[Observation]) -> None:
        """The rows of one series."""
        for each in series:
            self._rows += 1
            self._data.add(getattr(each, name) for name in COLUMNS)

    def finish(self, tables: Sequence[TableReport]) -> bytes:
        """The whole file, with what must be known of the tables, and their proof."""
        notes = [(table.table_id, what, note) for table in tables for what, note in _notes(table)]
        checks = [(table.table_id, check) for table in tables for check in table.checks]
        proof = [(of, each.what, each.source, each.athena, "yes" if each.equal else "no") for of, each in checks]
        for name, columns, rows in (
            ("notes", ("table_id", "what", "note"), notes),
            ("quality", ("table_id", "check", "source", "athena", "equal"), proof),
        ):
            sheet = self._book.sheet(name, dict.fromkeys(columns, schema.TEXT))
            for row in rows:
                sheet.add(row)
        return self._book.finish()


def _notes(table: TableReport) -> list[tuple[str, str]]:
    notes = [
        ("title", table.title),
        ("frequency", table.frequency),
        ("source agency", table.source_agency),
        ("vintage", table.vintage),
        ("fetched at", table.fetched_at),
        *(("unit", unit) for unit in table.units),
        *(("footnote", note) for note in table.footnotes),
        ("citation", citation(table)),
    ]
    if not table.in_workbook:
        notes.append(("rows", "not in this workbook, which would be too large; ask Athena or take the CSV"))
    return notes
