"""Published rows as files: a CSV per table, and one workbook with the rows, notes and checks of all tables."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter

from pipeline.frequency import Frequency
from pipeline.report.content import TableReport
from pipeline.report.series import Series
from pipeline.report.wording import citation
from pipeline.table import schema
from pipeline.table.values import MARKERS, NUMBER

MAX_ROWS = 100_000  # keeps the workbook small; Excel allows ten times as many
FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r")
COLUMNS = {"table_id": schema.TEXT, "frequency": schema.TEXT} | schema.STAGED
CELLS = attrgetter(*COLUMNS)


class Csv:
    """The rows of one table as CSV, with the columns of the published table."""

    def __init__(self, frequency: Frequency) -> None:
        columns = schema.CROSS_SECTIONAL if frequency == "cross_sectional" else schema.TIME_SERIES
        names = [*columns, "table_id"]
        self._cells = attrgetter(*names)
        self._text = io.StringIO(newline="")
        self._writer = csv.writer(self._text, lineterminator="\n")
        self._writer.writerow(names)

    def add(self, series: Series) -> None:
        """Write one row per cell of a series."""
        columns = zip(*map(self._cells, series), strict=True)
        self._writer.writerows(zip(*map(_safe_column, columns), strict=True))

    def finish(self) -> bytes:
        """The file in UTF-8."""
        return self._text.getvalue().encode()


def _safe_column(texts: Sequence[str]) -> Sequence[str]:
    """The column of a series, whose cells often share one text: each text is looked at once."""
    unsafe = any(text.startswith(FORMULA_PREFIXES) for text in set(texts))
    return [safe(text) for text in texts] if unsafe else texts


def safe(text: str) -> str:
    """The text for a CSV; with a leading quote if a spreadsheet would evaluate it (OWASP: CSV injection)."""
    if not text.startswith(FORMULA_PREFIXES) or NUMBER.fullmatch(text) or text in MARKERS:
        return text
    return f"'{text}"


class DataBook:
    """data.xlsx: sheets data, notes and quality."""

    def __init__(self, created: datetime) -> None:
        """`created` is the creation time in the file's properties, so that the file is reproducible."""
        from pipeline.report.workbook import Book  # noqa: PLC0415 - loads XlsxWriter, which no CSV needs

        self._book = Book(created)
        self._data = self._book.sheet("data", COLUMNS)
        self._rows = 0

    def has_room(self, rows: int) -> bool:
        """Whether a table of this many rows still fits."""
        return self._rows + rows <= MAX_ROWS

    def add(self, series: Series) -> None:
        """Write one row per cell of a series."""
        self._rows += len(series)
        self._data.add(map(CELLS, series))

    def finish(self, tables: Sequence[TableReport]) -> bytes:
        """The file, with the sheets notes and quality for these tables."""
        notes = [(table.table_id, what, note) for table in tables for what, note in _notes(table)]
        checks = [(table.table_id, check) for table in tables for check in table.checks]
        quality = [
            (table_id, check.name, check.source, check.athena, "yes" if check.equal else "no")
            for table_id, check in checks
        ]
        for name, columns, rows in (
            ("notes", ("table_id", "what", "note"), notes),
            ("quality", ("table_id", "check", "source", "athena", "equal"), quality),
        ):
            self._book.sheet(name, dict.fromkeys(columns, schema.TEXT)).add(rows)
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
        notes.append(("rows", "omitted from this workbook because of the table's size; use its CSV or query Athena"))
    return notes
