"""Excel workbooks without formulas or links, in which no number is rounded."""

import tempfile
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from pipeline.table import schema

SHEET_ROWS, CELL_CHARACTERS = 1_048_576, 32_767  # Excel's limits
EXACT_DIGITS = 15  # Excel's numeric precision
FIRST_DAY = date(1900, 3, 1)  # earlier dates are off by one: Excel treats 1900 as a leap year
NUMBERS = (schema.EXACT, schema.WHOLE)
AS_TEXT = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
WIDTHS = {"series": 40, "title": 40, "footnote": 20, "value": 16, "what": 16, "note": 100, "citation": 100,
          "source": 28, "athena": 28}  # fmt: skip


class Sheet:
    """Rows below a header. The declared type of a column decides whether its cells are text, dates or numbers."""

    def __init__(self, sheet: Worksheet, columns: Mapping[str, str], bold: Format, day: Format) -> None:
        self._sheet, self._kinds, self._day, self._rows = sheet, list(columns.values()), day, 1
        sheet.freeze_panes(1, 0)
        for number, name in enumerate(columns):
            sheet.set_column(number, number, WIDTHS.get(name, 12))
            sheet.write_string(0, number, name, bold)

    def add(self, row: Iterable[str | None]) -> None:
        """Append a row of texts. Raises `RuntimeError` if the sheet is full."""
        if self._rows == SHEET_ROWS:
            raise RuntimeError(f"{self._sheet.name} has more rows than Excel allows ({SHEET_ROWS:,})")
        for column, (kind, text) in enumerate(zip(self._kinds, row, strict=True)):
            if text:
                self._write(column, kind, text)
        self._rows += 1

    def _write(self, column: int, kind: str, text: str) -> None:
        if kind == schema.DAY and (day := _day(text)):
            self._sheet.write_datetime(self._rows, column, day, self._day)
        elif kind in NUMBERS and _fits_a_double(text):
            self._sheet.write_number(self._rows, column, float(text))
        else:
            shown = text if len(text) <= CELL_CHARACTERS else f"{text[: CELL_CHARACTERS - 1]}…"
            self._sheet.write_string(self._rows, column, shown)


class Book:
    """A workbook that is reproducible to the byte."""

    def __init__(self, created: datetime) -> None:
        """`created` is the creation time in the file's properties."""
        self._folder = tempfile.TemporaryDirectory()
        self._path = Path(self._folder.name) / "book.xlsx"
        settings = {"constant_memory": True, "tmpdir": self._folder.name, **AS_TEXT}
        self._book = Workbook(str(self._path), settings)
        self._book.set_properties({"created": created.replace(tzinfo=None)})
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._bold = self._book.add_format({"bold": True})

    def sheet(self, name: str, columns: Mapping[str, str]) -> Sheet:
        """Add a sheet; `columns` maps names to declared types."""
        return Sheet(self._book.add_worksheet(name), columns, self._bold, self._day)

    def finish(self) -> bytes:
        """The file."""
        self._book.close()
        body = self._path.read_bytes()
        self._folder.cleanup()
        return body


@lru_cache(maxsize=4096)
def _day(text: str) -> date | None:
    day = date.fromisoformat(text)
    return day if day >= FIRST_DAY else None


def _fits_a_double(text: str) -> bool:
    return len(Decimal(text).as_tuple().digits) <= EXACT_DIGITS
