"""Published rows as files: a CSV for each table, and one workbook with the rows, notes and proof of all."""

import csv
import io
import tempfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from pipeline import schema
from pipeline.events import Frequency
from pipeline.observations import Observation
from pipeline.report.content import TableReport
from pipeline.report.wording import citation
from pipeline.values import MARKERS, NUMBER

MAX_ROWS = 100_000  # of the workbook; Excel itself has 1,048,576
EXACT_DIGITS = 15  # what Excel keeps of a number
FIRST_DAY = date(1900, 3, 1)  # Excel takes 1900 for a leap year
FORMULA = ("=", "+", "-", "@", "\t", "\r")
COLUMNS = {"table_id": schema.TEXT, "frequency": schema.TEXT} | schema.STAGED
AS_TEXT = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
WIDTHS = {"series": 40, "footnote": 20, "value": 16, "what": 16, "note": 100, "source": 28, "athena": 28}


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
            for column, (name, kind) in enumerate(COLUMNS.items()):
                if text := getattr(each, name):
                    self._write(column, kind, text)

    def finish(self, tables: Sequence[TableReport]) -> bytes:
        """The whole file, with what must be known of the tables, and their proof."""
        notes = [(table.table_id, what, note) for table in tables for what, note in _notes(table)]
        checks = [(table.table_id, check) for table in tables for check in table.checks]
        proof = [(of, each.what, each.source, each.athena, "yes" if each.equal else "no") for of, each in checks]
        for name, columns, rows in (
            ("notes", ("table_id", "what", "note"), notes),
            ("quality", ("table_id", "check", "source", "athena", "equal"), proof),
        ):
            sheet = self._sheet(name, columns)
            for number, row in enumerate(rows, start=1):
                for column, text in enumerate(row):
                    sheet.write_string(number, column, text)
        self._book.close()
        body = self._path.read_bytes()
        self._folder.cleanup()
        return body

    def _sheet(self, name: str, columns: Iterable[str]) -> Worksheet:
        sheet = self._book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        for number, column in enumerate(columns):
            sheet.set_column(number, number, WIDTHS.get(column, 12))
            sheet.write_string(0, number, column, self._bold)
        return sheet

    def _write(self, column: int, kind: str, text: str) -> None:
        if kind == schema.DAY and (day := _day(text)):
            self._data.write_datetime(self._rows, column, day, self._day)
        elif kind == schema.EXACT and _fits_a_double(text):
            self._data.write_number(self._rows, column, float(text))
        else:
            self._data.write_string(self._rows, column, text)


@lru_cache(maxsize=4096)
def _day(text: str) -> date | None:
    day = date.fromisoformat(text)
    return day if day >= FIRST_DAY else None


def _fits_a_double(text: str) -> bool:
    return len(Decimal(text).as_tuple().digits) <= EXACT_DIGITS


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
