"""Exports of small lakes: hostile texts, numbers that few can hold, and folders that are not empty."""

import base64
import csv
import json
import os
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import frictionless
import msgspec
import openpyxl
import pysdmx.io
import pytest
from openpyxl.utils.escape import unescape
from pipeline.metadata import sdmx
from pipeline.publication.record import Publication
from pipeline.report import workbook
from pipeline.table import schema

from local.cli.export import export
from local.cloud.sql.catalogue import PUBLISHED
from tests.support import lakes

HOSTILE = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "@SUM(1)",
    "- Of Which: Food",
    'a "quoted", text',
    "two\nlines",
    "carriage\rreturn",
    "_x0041_",
    "価格指数 🏠",
    "'already",
    " spaces ",
    "x" * 40_000,
]
NUMBERS = [
    "99999999999999999999.999999999999999999",
    "-99999999999999999999.999999999999999999",
    "0.000000000000000001",
    "0.1",
    "-0.5",
    "0",
    "100",
    "123456789012345",
    "1234567890123456",
    None,
]
REVISIONS = (
    "SELECT table_id, '1.1' AS edition, series_no, series, period AS cell, 'revised' AS kind, value"
    " FROM monthly WHERE value > 1"
)
LOCATION = "s3://data/rows/"
Cells = list[tuple[str, str | None]]
CELLS: Cells = [(text, NUMBERS[n % len(NUMBERS)]) for n, text in enumerate(HOSTILE)]


def lake_of(lake: Path, cells: Cells = CELLS, location: str = LOCATION, observations: int | None = None) -> Path:
    """A lake with one published table, M1000: a series for each cell, named as the text."""
    rows = " UNION ALL ".join(
        f"SELECT '{n}' AS series_no, {literal(text)} AS series, 'Index' AS unit, '' AS footnote, '1890' AS period,"
        f" DATE '1890-01-01' AS period_start, CAST({literal(value)} AS DECIMAL(38, 18)) AS value,"
        f" {literal(text)} AS value_text, DATE '2026-07-24' AS vintage"
        for n, (text, value) in enumerate(cells)
    )
    lakes.parquet(lake, "data/rows/part.parquet", rows)
    publication = Publication(
        table_id="M1000",
        title='=A "title"',
        frequency="monthly",
        theme="",
        subject="",
        topic="",
        source_agency="AGENCY",
        footnote="",
        vintage="2026-07-24",
        edition="2026-07-24.1",
        observations=len(cells) if observations is None else observations,
        total=None,
        checksum="",
        run_id="run",
        fetched_at="2026-11-23T17:12:02+00:00",
        source_url="",
        verified_by="",
        location=location,
    )
    lakes.text(lake, "data/publications/M1000.json", msgspec.json.encode(publication).decode())
    view = base64.b64encode(json.dumps({"originalSql": REVISIONS}).encode()).decode()
    changes = {"TableType": "VIRTUAL_VIEW", "ViewOriginalText": f"/* Presto View: {view} */"}
    monthly = lakes.table(schema.TIME_SERIES, "s3://data/rows/", {"table_id": "string"}, {("M1000",): LOCATION})
    tables = lakes.table(schema.TABLES, "s3://data/publications/", serde="json")
    published: dict[str, Any] = {
        "monthly": monthly,
        "tables": tables,
        "revisions": {"input": changes, "partitions": []},
    }
    lakes.catalogue(lake, **{PUBLISHED: published})
    return lake


def literal(text: str | None) -> str:
    return "NULL" if text is None else "'" + text.replace("'", "''") + "'"


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return lake_of(tmp_path / "lake")


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_parquet_keeps_every_text_and_every_digit(lake, tmp_path):
    export(lake, tmp_path / "out", "parquet")

    rows = duckdb.sql(f"SELECT series, value, value_text FROM '{tmp_path}/out/monthly/M1000.parquet'").fetchall()

    assert rows == [(text, value and Decimal(value), text) for text, value in CELLS]


def test_a_csv_is_exact_and_no_cell_of_it_is_a_formula(lake, tmp_path):
    export(lake, tmp_path / "out", "csv")
    path = tmp_path / "out" / "monthly" / "M1000.csv"

    with path.open(newline="", encoding="utf-8") as file:
        rows = [(row["series"], row["value"]) for row in csv.DictReader(file)]
    by_duckdb = duckdb.sql(f"SELECT series, coalesce(value, '') FROM read_csv('{path}', all_varchar=true)").fetchall()

    marked = ["'" + text if text[0] in "=+-@" else text for text in HOSTILE]
    assert rows == list(zip(marked, [value or "" for _, value in CELLS], strict=True))
    assert by_duckdb == rows


def test_a_workbook_has_no_formula_and_rounds_no_number(lake, tmp_path):
    export(lake, tmp_path / "out", "xlsx")
    header, *lines = openpyxl.load_workbook(tmp_path / "out" / "monthly.xlsx")["M1000"].iter_rows()

    for line, (text, value) in zip(lines, CELLS, strict=True):
        row = {name.value: cell for name, cell in zip(header, line, strict=True)}
        assert row["series"].data_type == "s"
        assert unescape(row["series"].value) == (text if len(text) < 40_000 else "x" * 32_766 + "…")
        assert row["period_start"].value == "1890-01-01"
        stored = row["value"].value
        assert (None if stored is None else Decimal(str(stored))) == (value and Decimal(value))


def test_a_package_gives_every_digit_and_every_text_of_a_csv(lake, tmp_path):
    export(lake, tmp_path / "out", "csv")

    resource = frictionless.Package(str(tmp_path / "out" / "datapackage.json")).get_resource("m1000")

    assert resource.validate().valid
    marked = ["'" + text if text[0] in "=+-@" else text for text in HOSTILE]
    assert [(row["series"], row["value"]) for row in resource.read_rows()] == [
        (text, value and Decimal(value)) for text, (_, value) in zip(marked, CELLS, strict=True)
    ]


def test_sdmx_keeps_every_digit_and_the_text_where_there_is_none(tmp_path):
    numbers = [(value or "na", value) for value in NUMBERS]
    texts = [(text, None) for text in ["-", "", 'a "quoted", text', "two\nlines", " 1,234 "]]
    export(lake_of(tmp_path / "lake", numbers + texts), tmp_path / "out", "sdmx")

    with (tmp_path / "out" / "monthly" / "M1000.csv").open(newline="", encoding="utf-8") as file:
        rows = [(row["OBS_VALUE"], row["OBS_STATUS"], row["VALUE_TEXT"]) for row in csv.DictReader(file)]

    assert rows == [(value, "A", "") if value else ("", "O", text) for text, value in numbers + texts]


def test_sdmx_names_series_by_their_labels_whatever_these_are(lake, tmp_path):
    export(lake, tmp_path / "out", "sdmx")

    message = pysdmx.io.read_sdmx(tmp_path / "out" / "monthly" / "M1000.xml", validate=True)
    (codes,) = [each for each in message.get_codelists() if each.id == "CL_M1000_SERIES"]

    assert [each.name.split() for each in codes] == [text.split() for text in HOSTILE]
    assert message.get_dataflows()[0].name == '=A "title"'


def test_series_numbers_are_codes_of_their_own():
    numbers = ["1", "1.1", "1.10", "1_1", "1-1", "1.1 ", "一", "A/B"]

    codes = [sdmx.code(number) for number in numbers]

    assert codes[:3] == ["S1", "S1_1", "S1_10"]
    assert len(set(codes)) == len(numbers)
    assert all(re.fullmatch(r"[A-Za-z0-9_@$\-]+", each) for each in codes)  # of SDMX's schema


def test_a_half_year_is_a_semester():
    assert [sdmx.time_period(start, "half_yearly") for start in ("2026-01-01", "2026-07-01")] == ["2026-S1", "2026-S2"]


def test_a_table_too_long_for_a_sheet_is_refused_by_name(lake, tmp_path, monkeypatch):
    monkeypatch.setattr(workbook, "SHEET_ROWS", len(CELLS))

    with pytest.raises(RuntimeError, match=r"M1000 has more rows than Excel allows \(12\)"):
        export(lake, tmp_path / "out", "xlsx")

    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"location": "s3://data/newer/"}, "M1000 is being published right now"),
        ({"observations": 13}, "M1000 has 12 rows in the lake, but 13 published observations"),
    ],
)
@pytest.mark.parametrize("kind", ["parquet", "csv", "xlsx"])
def test_what_readers_do_not_see_whole_is_not_exported(tmp_path, kind, changed, why):
    lake = lake_of(tmp_path / "lake", **changed)

    with pytest.raises(RuntimeError, match=why):
        export(lake, tmp_path / "out", kind)

    assert [path.name for path in tmp_path.iterdir()] == ["lake"]


def test_files_of_the_export_before_go_and_all_others_stay(lake, tmp_path):
    folder = tmp_path / "out"
    export(lake, folder, "parquet")
    for name in ("notes.txt", "monthly/mine.csv", "monthly/M9999.parquet"):
        (folder / name).write_text(name)

    export(lake, folder, "csv")

    assert names(folder) == [
        *("README.txt", "croissant.json", "datapackage.json", "export.json", "monthly/M1000.csv"),
        *("monthly/M9999.parquet", "monthly/mine.csv", "notes.txt", "revisions.csv", "tables.csv"),
    ]
    assert (folder / "monthly" / "mine.csv").read_text() == "monthly/mine.csv"

    (folder / "monthly" / "mine.csv").unlink()
    (folder / "monthly" / "M9999.parquet").unlink()
    export(lake, folder, "xlsx")

    assert names(folder) == [
        *("README.txt", "croissant.json", "datapackage.json", "export.json", "monthly.xlsx", "notes.txt"),
    ]
    assert not (folder / "monthly").exists()


def test_a_file_that_is_of_no_export_is_never_replaced(lake, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "tables.csv").write_text("mine")

    with pytest.raises(OSError, match="out cannot be written: tables.csv already exists and is not from an export"):
        export(lake, folder, "csv")

    assert names(folder) == ["tables.csv"]
    assert (folder / "tables.csv").read_text() == "mine"
    assert [path.name for path in folder.iterdir()] == ["tables.csv"]


def test_a_list_of_files_elsewhere_removes_nothing(lake, tmp_path):
    folder = tmp_path / "out"
    export(lake, folder, "csv")
    (tmp_path / "precious.csv").write_text("mine")
    (folder / "export.json").write_text(json.dumps({"files": {"../precious.csv": "", "tables.csv": ""}}))
    for name in names(folder):
        if name not in ("export.json", "tables.csv"):
            (folder / name).unlink()

    export(lake, folder, "csv")

    assert (tmp_path / "precious.csv").read_text() == "mine"


def test_an_export_that_fails_leaves_the_one_before(lake, tmp_path):
    folder = tmp_path / "out"
    export(lake, folder, "csv")
    before = {name: (folder / name).read_bytes() for name in names(folder)}
    lake_of(tmp_path / "lake", observations=13)

    with pytest.raises(RuntimeError):
        export(lake, folder, "csv")

    assert {name: (folder / name).read_bytes() for name in names(folder)} == before


@pytest.mark.parametrize(("place", "why"), [("file", "file is a file"), ("file/below", "file is a file")])
def test_a_file_in_the_place_of_the_folder_is_named(lake, tmp_path, place, why):
    (tmp_path / "file").write_text("")

    with pytest.raises(NotADirectoryError, match=why):
        export(lake, tmp_path / place, "csv")


def test_a_folder_that_cannot_be_written_is_named(lake, tmp_path):
    if os.geteuid() == 0:
        pytest.skip("not checked: an administrator may write everywhere")
    (tmp_path / "closed").mkdir(mode=0o500)

    with pytest.raises(OSError, match="closed/out cannot be written: Permission denied"):
        export(lake, tmp_path / "closed" / "out", "csv")
