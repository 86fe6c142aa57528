"""Excel workbooks without formulas or links, in which no number is rounded.

XlsxWriter writes the file with the headers of its sheets. The rows are written here, as the XML that it would write,
and put into that file: cell by cell through its API they take about twenty times the processor time.
"""

import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name

from pipeline.table import schema

SHEET_ROWS, CELL_CHARACTERS = 1_048_576, 32_767  # Excel's limits, the second in UTF-16 units
EXACT_DIGITS = 15  # Excel's numeric precision
FIRST_DAY = date(1900, 3, 1)  # earlier dates are off by one: Excel treats 1900 as a leap year
DAY_ZERO = date(1899, 12, 30)
DAY_STYLE = 2  # XlsxWriter numbers formats by first use: bold, for a header, is 1
DEFLATE = 2  # takes a third of the time of zlib's default
LARGE = 1 << 30  # a part of this size is written with 64-bit sizes
KEPT = 1 << 14  # texts whose XML is kept: labels and dates come back row by row
UNSAFE = re.compile(r"_(?=x[0-9a-fA-F]{4}_)|[\x00-\x08\x0b-\x1f\ufffe\uffff]")
SAMPLE = re.compile(rb'<row r="2">.*?</row>')
LAST_ROW = re.compile(rb'(?<=<dimension ref="A1:)([A-Z]+)2(?=")')
WIDTHS = {"series": 40, "title": 40, "footnote": 20, "value": 16, "what": 16, "note": 100, "citation": 100,
          "source": 28, "athena": 28}  # fmt: skip


class Sheet:
    """Rows below a header. The declared type of a column decides whether its cells are text, dates or numbers."""

    def __init__(self, name: str, columns: Mapping[str, str], path: Path) -> None:
        """`path` is the file in which the rows are collected."""
        self.name, self.path, self.rows = name, path, 1
        self._cells = [
            (f'<c r="{xl_col_to_name(n)}', CELLS.get(kind, _text)) for n, kind in enumerate(columns.values())
        ]
        path.touch()

    def add(self, rows: Iterable[Sequence[str | None]]) -> None:
        """Append rows of texts. Raises `RuntimeError` if the sheet is full."""
        xml = []
        for row in rows:
            if self.rows == SHEET_ROWS:
                raise RuntimeError(f"{self.name} has more rows than Excel allows ({SHEET_ROWS:,})")
            self.rows += 1
            number, cells = self.rows, zip(self._cells, row, strict=True)
            xml.append(f'<row r="{number}">')
            xml += [f'{start}{number}"{cell(text)}</c>' for (start, cell), text in cells if text]
            xml.append("</row>")
        with self.path.open("a", encoding="utf-8") as file:
            file.writelines(xml)


class Book:
    """A workbook that is reproducible to the byte."""

    def __init__(self, created: datetime) -> None:
        """`created` is the creation time in the file's properties."""
        self._folder = tempfile.TemporaryDirectory()
        self._path = Path(self._folder.name)
        self._sheets: dict[str, Sheet] = {}
        self._headers = Workbook(self._path / "headers.xlsx", {"constant_memory": True, "tmpdir": self._folder.name})
        self._headers.set_properties({"created": created.replace(tzinfo=None)})
        self._day = self._headers.add_format({"num_format": "yyyy-mm-dd"})
        self._bold = self._headers.add_format({"bold": True})

    def sheet(self, name: str, columns: Mapping[str, str]) -> Sheet:
        """Add a sheet; `columns` maps names to declared types."""
        header, number = self._headers.add_worksheet(name), len(self._sheets) + 1
        header.freeze_panes(1, 0)
        for column, title in enumerate(columns):
            header.set_column(column, column, WIDTHS.get(title, 12))
            header.write_string(0, column, title, self._bold)
        header.write_blank(1, 0, None, self._day)  # the sample that the rows replace
        sheet = Sheet(name, columns, self._path / f"{number}.xml")
        self._sheets[f"xl/worksheets/sheet{number}.xml"] = sheet
        return sheet

    def finish(self) -> bytes:
        """The file."""
        self._headers.close()
        path = self._path / "book.xlsx"
        with (
            ZipFile(self._path / "headers.xlsx") as headers,
            ZipFile(path, "w", ZIP_DEFLATED, compresslevel=DEFLATE) as book,
        ):
            for part in headers.namelist():
                if part in self._sheets:
                    _put(self._sheets[part], headers.read(part), book, part)
                else:
                    with book.open(part, "w") as file:  # dated 1980; writestr would write the time of the day
                        file.write(headers.read(part))
        body = path.read_bytes()
        self._folder.cleanup()
        return body


def _put(sheet: Sheet, header: bytes, book: ZipFile, part: str) -> None:
    before, after = SAMPLE.split(LAST_ROW.sub(rb"\g<1>%d" % sheet.rows, header))
    large = sheet.path.stat().st_size > LARGE
    with book.open(part, "w", force_zip64=large) as file, sheet.path.open("rb") as rows:
        file.write(before)
        shutil.copyfileobj(rows, file, 1 << 20)
        file.write(after)


@lru_cache(KEPT)
def _text(text: str) -> str:
    if len(text) > CELL_CHARACTERS // 2 and len(units := text.encode("utf-16-le")) > 2 * CELL_CHARACTERS:
        text = f"{units[: 2 * (CELL_CHARACTERS - 1)].decode('utf-16-le', 'ignore')}…"
    safe = escape(UNSAFE.sub(_escaped, text))
    space = ' xml:space="preserve"' if safe[0].isspace() or safe[-1].isspace() else ""
    return f' t="inlineStr"><is><t{space}>{safe}</t></is>'


def _escaped(found: re.Match[str]) -> str:
    """What XML cannot hold, and an underscore that would begin such an escape."""
    return f"_x{ord(found[0]):04X}_"


@lru_cache(KEPT)
def _day(text: str) -> str:
    day = date.fromisoformat(text)
    return f' s="{DAY_STYLE}"><v>{(day - DAY_ZERO).days}</v>' if day >= FIRST_DAY else _text(text)


@lru_cache(KEPT)
def _number(text: str) -> str:
    if len(text) > EXACT_DIGITS and len(Decimal(text).as_tuple().digits) > EXACT_DIGITS:
        return _text(text)
    return f"><v>{float(text):.16G}</v>"


CELLS: dict[str, Callable[[str], str]] = {schema.DAY: _day, schema.EXACT: _number, schema.WHOLE: _number}
