"""Published rows as files: a CSV for each table, and one workbook with the rows, notes and proof of all."""

import csv
import io
import tempfile
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from pipeline import schema
from pipeline.events import Frequency
from pipeline.report.content import TableReport
from pipeline.report.wording import citation
from pipeline.table import Observation
from pipeline.values import MARKERS, NUMBER

MAX_ROWS = 200_000  # of the workbook; Excel itself has 1,048,576
EXACT_DIGITS = 15  # what Excel keeps of a number
FIRST_DAY = date(1900, 3, 1)  # Excel takes 1900 for a leap year
FORMULA = ("=", "+", "-", "@", "\t", "\r")
COLUMNS = ("table_id", "frequency", *schema.STAGED)
AS_TEXT = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
WIDTHS = {"series": 40, "footnote": 20, "value": 16, "note": 60, "citation": 80, "source": 28, "athena": 28}


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
    """data.xlsx: sheets data, notes and quality. Nothing in it is a formula or a link."""

    def __init__(self, created: datetime) -> None:
        """`created` stands in the file, which is the same whenever it is made."""
        self._folder = tempfile.TemporaryDirectory()
        self._path = Path(self._folder.name) / "data.xlsx"
        settings = {"constant_memory": True, "tmpdir": self._folder.name, **AS_TEXT}
        self._book = Workbook(str(self._path), settings)
        self._book.set_properties({"created": created.replace(tzinfo=None)})
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._bold = self._book.add_format({"bold": True})
        self._data = self._sheet("data", COLUMNS)
        self._rows = 0

    def has_room(self, rows: int) -> bool:
        """Whether a table of so many rows fits as a whole."""
        return self._rows + rows <= MAX_ROWS

    def add(self, series: Sequence[Observation]) -> None:
        """The rows of one series."""
        for each in series:
            self._rows += 1
            self._write(self._data, self._rows, [getattr(each, name) for name in COLUMNS])

    def finish(self, tables: Sequence[TableReport]) -> bytes:
        """The whole file, with what must be known of the tables, and their proof."""
        notes = self._sheet("notes", ("table_id", "what", "note"))
        quality = self._sheet("quality", ("table_id", "check", "source", "athena", "equal"))
        rows = [(table.table_id, what, note) for table in tables for what, note in _notes(table)]
        for number, row in enumerate(rows, start=1):
            self._write(notes, number, row)
        checks = [(table.table_id, check) for table in tables for check in table.checks]
        for number, (table_id, check) in enumerate(checks, start=1):
            equal = "yes" if check.equal else "no"
            self._write(quality, number, (table_id, check.what, check.source, check.athena, equal))
        self._book.close()
        body = self._path.read_bytes()
        self._folder.cleanup()
        return body

    def _sheet(self, name: str, columns: Sequence[str]) -> Worksheet:
        sheet = self._book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        for number, column in enumerate(columns):
            sheet.set_column(number, number, WIDTHS.get(column, 12))
            sheet.write_string(0, number, column, self._bold)
        return sheet

    def _write(self, sheet: Worksheet, row: int, cells: Sequence[str]) -> None:
        names: Sequence[str] = COLUMNS if sheet is self._data else ()
        for column, text in enumerate(cells):
            kind = schema.STAGED.get(names[column], schema.TEXT) if names else schema.TEXT
            if not text:
                continue
            if kind == schema.DAY and (day := _day(text)):
                sheet.write_datetime(row, column, day, self._day)
            elif kind == schema.EXACT and _fits_a_double(text):
                sheet.write_number(row, column, float(text))
            else:
                sheet.write_string(row, column, text)


@lru_cache(maxsize=4096)
def _day(text: str) -> date | None:
    day = date.fromisoformat(text)
    return day if day >= FIRST_DAY else None


def _fits_a_double(text: str) -> bool:
    return len(Decimal(text).as_tuple().digits) <= EXACT_DIGITS


def _notes(table: TableReport) -> list[tuple[str, str]]:
    notes: list[tuple[str, Any]] = [
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
