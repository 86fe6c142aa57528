"""The files next to the page: they contain what is published, and are reproducible."""

import csv
import io
import re
from collections import Counter
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import openpyxl
import pytest
from PIL import Image
from pipeline.aws import data_bucket as data
from pipeline.aws import results_bucket
from pipeline.costs.estimate import estimate
from pipeline.costs.usage import Usage
from pipeline.steps import report
from pipeline.table import schema
from pipeline.table.values import MARKERS

from tests.support import laptop
from tests.support.laptop import Rows

FREQUENCIES = {"monthly": schema.TIME_SERIES, "yearly": schema.TIME_SERIES, "quarterly": schema.TIME_SERIES}
FREQUENCIES |= {"cross_sectional": schema.CROSS_SECTIONAL}
COST = estimate(Usage(transitions=34), "ap-southeast-1", "arm64")
NOT_REFRESHED = "('M900007', 'M900008')"


def query(folder: Path, sql: str) -> Rows:
    """Query the lake that contains a report's folder."""
    return laptop.query(sql, folder.parents[3])


@cache
def published(folder: Path, *columns: str) -> list[tuple[str, ...]]:
    """The published rows of the refreshed tables, as text."""
    rows = []
    for frequency, known in FREQUENCIES.items():
        chosen = [name if name in known or name == "table_id" else f"'' AS {name}" for name in columns]
        sql = f"SELECT {', '.join(chosen)} FROM {frequency} WHERE table_id NOT IN {NOT_REFRESHED}"
        rows += [tuple(plain(name, row[name]) for name in columns) for row in query(folder, sql)]
    return rows


def plain(name: str, cell: Any) -> str:
    """A cell as text: a date without time, a number without trailing zeros."""
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    text = "" if cell is None else str(cell)
    return f"{Decimal(text).normalize():f}" if name == "value" and text else text


def test_the_workbook_contains_every_published_cell(runs):
    book = openpyxl.load_workbook(runs[1] / "data.xlsx")
    names, *rows = book["data"].iter_rows(values_only=True)
    columns = ["table_id", *schema.STAGED]
    found = [tuple(plain(name, row[names.index(name)]) for name in columns) for row in rows]

    assert Counter(found) == Counter(published(runs[1], *columns))
    assert not [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    assert not [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.hyperlink]


def test_the_workbook_has_notes_and_checks(runs):
    book = openpyxl.load_workbook(runs[1] / "data.xlsx")
    notes = list(book["notes"].iter_rows(values_only=True))
    quality = list(book["quality"].iter_rows(min_row=2, values_only=True))

    assert ("M900001", "vintage", "2026-10-24") in notes
    assert ("M900004", "footnote", '=HYPERLINK("https://example.invalid","x")') in notes
    assert any("Singapore Open Data Licence" in note for _, what, note in notes if what == "citation")
    assert ("M900001", "observations", "61", "61", "yes") in quality
    assert {equal for *_, equal in quality} == {"yes"}


def test_each_csv_contains_the_published_rows_and_no_formula(runs):
    for path in runs[1].glob("*.csv"):
        rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8"))))
        texts = [cell for row in rows for cell in row.values()]
        columns = [name for name in rows[0] if name not in ("series", "footnote")]
        found = Counter(tuple(plain(name, row[name]) for name in columns) for row in rows)
        expected = Counter(row for row in published(runs[1], *columns) if row[columns.index("table_id")] == path.stem)

        assert found == expected
        assert not [text for text in texts if text[:1] in "=+@" and text]
        assert not [text for text in texts if text[:1] == "-" and text not in MARKERS and not Decimal(text) < 0]


def test_revisions_on_the_page_match_the_view(runs):
    counted = query(runs[1], "SELECT table_id, kind, count(*) AS n FROM revisions GROUP BY table_id, kind")
    page = (runs[1] / "report.html").read_text("utf-8")
    of = {(row["table_id"], row["kind"]): int(row["n"] or 0) for row in counted}

    for table_id in {str(row["table_id"]) for row in counted}:
        section = page[page.index(f'<h2 id="{table_id}"') :].split("</section>")[0]
        revised = of.get((table_id, "revised"), 0)
        expected = f"{revised} {'cell' if revised == 1 else 'cells'} revised,"
        assert expected in section
        assert f"{of.get((table_id, 'new'), 0)} new, {of.get((table_id, 'deleted'), 0)} deleted" in section


@pytest.mark.parametrize("number", [0, 1], ids=["first", "second"])
def test_every_png_has_content(runs, number):
    pictures = sorted(runs[number].glob("*.png"))

    assert {path.stem for path in pictures} >= {"M900001", "M900002", "M900004", "M900005", "M900006", "17560"}
    assert not (runs[number] / "M900003.png").exists()
    for path in pictures:
        with Image.open(path) as image:
            colours = image.convert("RGB").getcolors(1 << 24)
            assert image.width == 1920
            assert 700 < image.height < 2400
            assert len(colours) > 50
            assert max(colours)[1] == (255, 255, 255)
            assert max(colours)[0] < 0.99 * image.width * image.height


@pytest.fixture
def again(runs, monkeypatch):
    """Writes the second report again from the run's stored files; returns the new files by name."""
    folder = runs[1]
    (bucket,) = {path.parents[2] for path in folder.parents[3].glob(f"*/runs/{folder.name}/plan.json")}
    written: dict[str, bytes] = {}
    monkeypatch.setattr(data, "read", lambda key, shape: msgspec.json.decode((bucket / key).read_bytes(), type=shape))
    monkeypatch.setattr(data, "read_bytes", lambda key: (bucket / key).read_bytes())
    monkeypatch.setattr(results_bucket, "write", lambda key, body, kind: written.update({key.rpartition("/")[2]: body}))

    def write(link=str):
        report.write(folder.name, link, COST)
        return written

    return write


def reproducible(page: bytes) -> str:
    """The page without the cost section and the links, which depend on the time of writing."""
    before, _, after = page.decode().partition('<section aria-labelledby="cost">')
    return re.sub(r'href="[^#"][^"]*" data-file', "href data-file", before + after.partition("</section>")[2])


def test_a_report_is_reproducible(runs, again):
    first, second = {path.name: path.read_bytes() for path in runs[1].iterdir()}, again()

    assert reproducible(first.pop("report.html")) == reproducible(second.pop("report.html"))
    assert first == second


def test_a_table_that_is_too_large_shows_its_headline_only(again, monkeypatch):
    monkeypatch.setattr(report, "TABLE_CELLS", 1000)

    written = again()

    page = written["report.html"].decode()
    section = page[page.index('<h2 id="M900002"') :].split("</section>")[0]
    assert section.count("<svg") == 2
    assert "The table is too large to be compared here" in section
    assert "SELECT * FROM revisions WHERE table_id = &#39;M900002&#39;" in section.replace("'", "&#39;")
    assert "SELECT * FROM monthly WHERE table_id" in section
    assert "M900002.csv" not in written
    assert "M900002.png" in written
    notes = openpyxl.load_workbook(io.BytesIO(written["data.xlsx"]))["notes"].iter_rows(values_only=True)
    assert [table for table, what, note in notes if what == "rows"] == ["M900002"]


def test_files_are_linked_by_url_and_by_name(again):
    page = again(link=lambda key: f"https://example.invalid/links/{key.rpartition('/')[2]}?a=1&b=2")[
        "report.html"
    ].decode()

    assert 'href="https://example.invalid/links/data.xlsx?a=1&amp;b=2" data-file="data.xlsx"' in page
    assert page.count("<script>") == 1
    assert "script-src 'sha256-" in page
    assert "SCRIPT-HASH" not in page
