"""Rows as files: no cell becomes a formula, and no number is rounded."""

import io
from datetime import UTC, datetime
from decimal import Decimal

import openpyxl
import pytest
from pipeline.report.rows import DataBook, safe
from pipeline.table.observations import Observation


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-1.5", "-1.5"),
        ("-", "-"),
        ("12", "12"),
        ("a=b", "a=b"),
        ("=1+1", "'=1+1"),
        ("+5", "'+5"),
        ("-1+cmd|' /C calc'!A0", "'-1+cmd|' /C calc'!A0"),
        ("- Of Which: Food", "'- Of Which: Food"),
        ("@SUM(1)", "'@SUM(1)"),
    ],
)
def test_no_csv_cell_is_a_formula(text, expected):
    assert safe(text) == expected


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("24.30", 24.3),
        ("-0.1", -0.1),
        ("999999999999999", 999999999999999),
        ("9999999999999999", "9999999999999999"),
        ("0.1234567890123456", "0.1234567890123456"),
    ],
)
def test_a_number_that_excel_would_round_is_stored_as_text(value, stored):
    book = DataBook(datetime(2026, 11, 23, tzinfo=UTC))
    levels = [""] * 5
    book.add(
        [Observation("M1", "yearly", "1", "=1+1", "", "", "1890", "1890-01-01", *levels, value, value, "2026-01-01")]
    )

    sheet = openpyxl.load_workbook(io.BytesIO(book.finish([])))["data"]

    names = [cell.value for cell in sheet[1]]
    row = dict(zip(names, sheet[2], strict=True))
    assert row["value"].value == stored
    assert Decimal(str(row["value"].value)) == Decimal(value)
    assert row["value_text"].value == value
    assert (row["series"].value, row["series"].data_type) == ("=1+1", "s")
    assert row["period_start"].value == "1890-01-01"
    assert row["vintage"].value == datetime(2026, 1, 1)  # noqa: DTZ001 - openpyxl returns naive datetimes
