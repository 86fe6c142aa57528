"""What is exported is what is published, cell by cell, whatever opens the files."""

import csv
import json
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import duckdb
import openpyxl
import pytest
from pipeline.table import schema

from tests.support.laptop import Rows, call, query

FREQUENCIES = ("monthly", "quarterly", "yearly", "cross_sectional")


def exported(kind: str, lake: Path, folder: Path, *words: str) -> Path:
    done = call("export", "--format", kind, *words, str(folder), lake=lake)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def rows(published: tuple[Path, dict]) -> dict[str, Rows]:
    """The published rows of each table, by its file's name without the ending; decimals without idle zeros."""
    found: dict[str, Rows] = {}
    for frequency in FREQUENCIES:
        for row in query(f"SELECT * FROM {frequency}", published[0]):
            found.setdefault(f"{frequency}/{row['table_id']}", []).append(row | {"value": plain(row["value"])})
    return found


@pytest.fixture(scope="module", params=["parquet", "csv", "xlsx"])
def folder(request, published: tuple[Path, dict], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported(request.param, published[0], tmp_path_factory.mktemp(request.param) / "out")


def plain(text: str | None) -> str | None:
    return text and f"{Decimal(text).normalize():f}"


def alike(rows: Rows) -> list[tuple]:
    """The rows in an order of their own; nothing and no text are one, as in a CSV or a sheet."""
    return sorted(tuple((name, value or "") for name, value in row.items()) for row in rows)


def of_parquet(path: Path) -> Rows:
    answer = duckdb.sql(f"FROM '{path}'")
    kinds = dict(zip(answer.columns, map(str, answer.types), strict=True))
    assert (kinds["value"], kinds["vintage"], kinds.get("period_start", "DATE")) == ("DECIMAL(38,18)", "DATE", "DATE")
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.fetchall()]
    return [
        {n: v if v is None else f"{v.normalize():f}" if n == "value" else str(v) for n, v in r.items()} for r in rows
    ]


def of_csv(path: Path) -> Rows:
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    texts = duckdb.sql(f"FROM read_csv('{path}', all_varchar=true)")
    assert [tuple(value or "" for value in row) for row in texts.fetchall()] == [tuple(row.values()) for row in rows]
    return [{name: value.removeprefix("'") for name, value in row.items()} for row in rows]


def of_sheet(sheet) -> Rows:
    names, *lines = sheet.iter_rows()
    return [
        {name.value: text_of(name.value, cell.value) for name, cell in zip(names, line, strict=True)} for line in lines
    ]


def text_of(name: str, value: object) -> str:
    if name == "value" and isinstance(value, int | float):
        return f"{Decimal(repr(value)).normalize():f}"
    return value.date().isoformat() if isinstance(value, datetime) else str(value or "")


@pytest.fixture(scope="module")
def found(folder: Path) -> dict[str, Rows]:
    """The exported rows of each table, as text."""
    found: dict[str, Rows] = {}
    for path in folder.rglob("*.*"):
        if path.suffix == ".xlsx":
            book = openpyxl.load_workbook(path)
            found |= {f"{path.stem}/{name}": of_sheet(book[name]) for name in book.sheetnames[1:-1]}
        elif path.parent != folder:
            found[f"{path.parent.name}/{path.stem}"] = (of_csv if path.suffix == ".csv" else of_parquet)(path)
    return found


def test_every_cell_is_the_published_one(found, rows):
    assert found.keys() == rows.keys()
    for name in rows:
        assert alike(found[name]) == alike(rows[name]), name


def test_the_files_have_the_columns_of_the_contract(found):
    for name, rows in found.items():
        declared = schema.CROSS_SECTIONAL if name.startswith("cross_sectional/") else schema.TIME_SERIES
        assert list(rows[0]) == [*declared, "table_id"]


def test_series_and_periods_are_in_order(found):
    rows = found["monthly/M550002"]

    order = [([int(part) for part in row["series_no"].split(".")], row["period_start"]) for row in rows]
    assert order == sorted(order)
    assert len({row["series_no"] for row in rows}) == 22


def test_what_must_be_known_of_the_tables_goes_with_them(folder, published):
    told = "table_id, title, footnote, vintage, edition, observations, checksum, fetched_at"
    expected = query(f"SELECT {told} FROM tables", published[0])
    found: Rows = []
    for path in folder.iterdir():
        if path.suffix == ".xlsx":
            found += of_sheet(openpyxl.load_workbook(path)["tables"])
        elif path.stem == "tables":
            answer = duckdb.sql(f"SELECT CAST(COLUMNS(*) AS VARCHAR) FROM '{path}'")
            found += [dict(zip(answer.columns, row, strict=True)) for row in answer.fetchall()]

    assert alike([{name: row[name] for name in expected[0]} for row in found]) == alike(expected)
    assert all(f"[table {row['table_id']}]" in row["citation"] for row in found)
    assert {row["licence"] for row in found} == {
        "Singapore Open Data Licence v1.0, https://data.gov.sg/open-data-licence"
    }


def test_an_export_is_the_same_to_the_byte_and_can_be_proven(folder, published, tmp_path):
    kind = next(path.suffix[1:] for path in folder.rglob("*.*") if path.suffix in (".parquet", ".csv", ".xlsx"))
    again = exported(kind, published[0], tmp_path / "again")

    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.*")}
    assert files == {str(path.relative_to(again)): path.read_bytes() for path in again.rglob("*.*")}
    listed = json.loads(files.pop("export.json"))["files"]
    assert listed == {name: sha256(content).hexdigest() for name, content in files.items()}


def test_a_parquet_file_tells_its_edition_and_how_to_cite_it(published, tmp_path):
    folder = exported("parquet", published[0], tmp_path / "out", "--dataset", "quarterly")

    told = dict(
        duckdb.sql(f"SELECT key, value FROM parquet_kv_metadata('{folder}/quarterly/M212161.parquet')").fetchall()
    )

    assert told[b"edition"] == b"2026-07-24.1"
    assert told[b"citation"].startswith(b"Housing and Development Board. Housing And Development Board (HDB) Resale")
    assert told[b"citation"] in (folder / "README.txt").read_bytes()


def test_a_dataset_is_exported_without_the_others(published, tmp_path):
    folder = exported("csv", published[0], tmp_path / "out", "--dataset", "monthly")

    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.csv")) == [
        *("monthly/M213751.csv", "monthly/M550002.csv", "monthly/M700051.csv", "revisions.csv", "tables.csv"),
    ]


def test_a_workbook_opens_on_the_sheet_of_tables(published, tmp_path):
    folder = exported("xlsx", published[0], tmp_path / "out", "--dataset", "monthly")

    book = openpyxl.load_workbook(folder / "monthly.xlsx")

    assert book.sheetnames == ["tables", "M213751", "M550002", "M700051", "revisions"]
    assert book.active.title == "tables"


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["--dataset", "weekly"], 2, "there is no list 'weekly' (all, monthly, quarterly, yearly)"),
        (["--lake", "nowhere"], 1, "nothing is published in nowhere yet: start with `singstat run`"),
    ],
)
def test_what_cannot_be_exported_is_one_line(published, tmp_path, words, code, why):
    done = call("export", "--format", "csv", str(tmp_path / "out"), "--lake", str(published[0]), *words, lake=None)

    assert (done.returncode, done.stderr.strip()) == (code, f"singstat: {why}")
    assert not (tmp_path / "out").exists()


def test_revisions_are_exported_and_what_is_not_published_is_named(laptop, tmp_path):
    assert laptop.run("M212161", "8233").status == "SUCCEEDED"
    laptop.revise("M212161", "24/10/2026", "24.35", None)
    assert laptop.run("M212161").status == "SUCCEEDED"

    partly = call("export", "--format", "csv", "--dataset", "quarterly", str(tmp_path / "out"), lake=laptop.lake)
    nothing = call("export", "--format", "csv", "--dataset", "monthly", str(tmp_path / "none"), lake=laptop.lake)

    assert partly.stdout.startswith("1 table, 145 observations")
    assert partly.stderr.startswith("not published: M015661, M183891")
    assert (tmp_path / "out" / "revisions.csv").read_text().splitlines()[1:] == [
        "M212161,2026-07-24.1,2026-10-24.1,1,HDB Resale Price Index,1990 1Q,revised,24.3,24.35,24.3,24.35",
        "M212161,2026-07-24.1,2026-10-24.1,1,HDB Resale Price Index,1990 2Q,deleted,24.4,,24.4,",
    ]
    assert (nothing.returncode, len(nothing.stderr.splitlines())) == (1, 1)
    assert "none of these tables is published" in nothing.stderr
