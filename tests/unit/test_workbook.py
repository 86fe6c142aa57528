"""The rows of a workbook are the XML that XlsxWriter writes of the same cells through its API, byte for byte."""

import io
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape
from pipeline.report.workbook import CELL_CHARACTERS, WIDTHS, Book
from pipeline.table import schema
from xlsxwriter import Workbook

CREATED = datetime(2026, 11, 23, tzinfo=UTC)
COLUMNS = {"series": schema.TEXT, "period_start": schema.DAY, "value": schema.EXACT, "observations": schema.WHOLE}
AS_TEXT = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
ROWS = st.tuples(
    st.none() | st.text(st.characters(codec="utf-8"), max_size=8).filter(lambda text: not text.startswith("<r>")),
    st.none() | st.dates(date(1900, 3, 1)).map(str),
    st.none() | st.from_regex(r"-?[0-9]{1,9}(\.[0-9]{1,6})?", fullmatch=True),
    st.none() | st.integers(0, 10**15 - 1).map(str),
)


def parts(file: bytes) -> dict[str, bytes]:
    with ZipFile(io.BytesIO(file)) as book:
        return {name: book.read(name) for name in book.namelist()}


def ours(rows: list[tuple]) -> bytes:
    book = Book(CREATED)
    sheet = book.sheet("data", COLUMNS)
    for each in (rows[:2], rows[2:]):
        sheet.add(each)
    book.sheet("notes", {"what": schema.TEXT, "note": schema.TEXT})
    return book.finish()


def through_the_api(rows: list[tuple]) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "book.xlsx"
        book = Workbook(str(path), {"constant_memory": True, **AS_TEXT})
        book.set_properties({"created": CREATED.replace(tzinfo=None)})
        day, bold = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"bold": True})
        for name, columns in (("data", list(COLUMNS)), ("notes", ["what", "note"])):
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, 0)
            for column, title in enumerate(columns):
                sheet.set_column(column, column, WIDTHS.get(title, 12))
                sheet.write_string(0, column, title, bold)
            for number, (text, start, *numbers) in enumerate(rows if name == "data" else [], 1):
                if text:
                    sheet.write_string(number, 0, text)
                if start:
                    sheet.write_datetime(number, 1, date.fromisoformat(start), day)
                for column, value in enumerate(numbers, 2):
                    if value:
                        sheet.write_number(number, column, float(value))
        book.close()
        return path.read_bytes()


@settings(max_examples=40, deadline=None)
@given(st.lists(ROWS.filter(any), max_size=5))
@example([("a & b < c > \"d\" 'e'", "2026-01-01", "-0.000001", "999999999999999")])
@example([("\r", None, None, None)])
@example([(" _x0041_ \x00\x0b\r\n\t\ufffe\U0001f3e0", "1900-03-01", "123456789.123456", "0")])
def test_every_part_is_what_xlsxwriter_writes(rows):
    rows = [("A", "2026-10-24", "1.50", "2"), *rows]

    assert parts(ours(rows)) == parts(through_the_api(rows))


def test_a_file_does_not_depend_on_the_time_of_day():
    with ZipFile(io.BytesIO(ours([("A", None, None, None)]))) as book:
        assert {part.date_time for part in book.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize("text", ["<r><t>x</t></r>", "_x0041_x0041_"])
def test_texts_that_xlsxwriter_changes_are_kept(text):
    sheet = openpyxl.load_workbook(io.BytesIO(ours([(text, None, None, None)])))["data"]

    assert unescape(sheet["A2"].value) == text


def test_a_text_longer_than_a_cell_is_cut_in_the_units_that_excel_counts():
    long = "\U0001f3e0" * CELL_CHARACTERS  # two units each
    sheet = openpyxl.load_workbook(io.BytesIO(ours([(long, None, None, None)])))["data"]

    shown = unescape(sheet["A2"].value)

    assert shown == "\U0001f3e0" * (CELL_CHARACTERS // 2) + "…"
    assert len(shown.encode("utf-16-le")) == 2 * CELL_CHARACTERS


def test_a_sheet_without_rows_has_its_header_only():
    notes = openpyxl.load_workbook(io.BytesIO(ours([])))["notes"]

    assert [[cell.value for cell in row] for row in notes.iter_rows()] == [["what", "note"]]
