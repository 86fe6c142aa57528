"""Every vintage stays, can be compared and asked for; an older one never comes back."""

import csv
import io
import json
import threading
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.laptop import Laptop, call, query

JULY, OCTOBER, LATER = "2026-07-24.1", "2026-10-24.1", "2026-11-24.1"


@pytest.fixture(scope="module")
def revised(switched_on: Laptop) -> Path:
    """A lake with three vintages of M212161, and two of 8233."""
    table, cross = switched_on.replay.tables["M212161"], switched_on.replay.tables["8233"]
    assert switched_on.run("M212161", "8233").status == "SUCCEEDED"
    table.revise("24/10/2026", {("1", "1990 1Q"): "24.4", ("1", "2026 3Q"): "206", ("1", "1990 2Q"): None})
    cross.revise("24/10/2026", {("1", "Total", "Males"): "1124.3"})
    assert switched_on.run("M212161", "8233").status == "SUCCEEDED"
    table.revise("24/11/2026", {("1", "1990 1Q"): "24.3", ("1", "2026 3Q"): "206.5"})
    assert switched_on.run("M212161").status == "SUCCEEDED"
    return switched_on.lake


def revisions(lake: Path, *words: str) -> list[dict[str, str]]:
    done = call("revisions", *words, "--format", "csv", lake=lake)
    assert done.returncode == 0, done.stderr
    return list(csv.DictReader(io.StringIO(done.stdout)))


def test_every_vintage_stays(revised):
    counted = query("SELECT edition, count(*) AS n FROM quarterly_vintages GROUP BY edition ORDER BY edition", revised)

    assert counted == [{"edition": JULY, "n": "146"}, {"edition": OCTOBER, "n": "146"}, {"edition": LATER, "n": "146"}]


def test_the_view_says_what_each_edition_changed(revised):
    rows = query(
        "SELECT previous_edition, edition, cell, kind, old_text, new_text FROM revisions"
        " WHERE table_id = 'M212161' ORDER BY edition, cell",
        revised,
    )

    assert [tuple(row.values()) for row in rows] == [
        (JULY, OCTOBER, "1990 1Q", "revised", "24.3", "24.4"),
        (JULY, OCTOBER, "1990 2Q", "deleted", "24.4", None),
        (JULY, OCTOBER, "2026 3Q", "new", None, "206"),
        (OCTOBER, LATER, "1990 1Q", "revised", "24.4", "24.3"),
        (OCTOBER, LATER, "2026 3Q", "revised", "206", "206.5"),
    ]


def test_a_cross_sectional_cell_is_named_by_its_levels(revised):
    rows = query("SELECT series_no, cell, old_value, new_value FROM revisions WHERE table_id = '8233'", revised)

    assert [(r["series_no"], r["cell"], Decimal(r["old_value"]), Decimal(r["new_value"])) for r in rows] == [
        ("1", "Total / Males", Decimal("1124.2"), Decimal("1124.3"))
    ]


def test_the_command_compares_the_newest_with_the_one_before(revised):
    found = revisions(revised, "M212161")

    assert [(row["cell"], row["kind"], row["old"], row["new"]) for row in found] == [
        ("1990 1Q", "revised", "24.4", "24.3"),
        ("2026 3Q", "revised", "206", "206.5"),
    ]


def test_between_any_two_vintages_a_change_and_its_return_cancel(revised):
    found = revisions(revised, "M212161", "--from", "2026-07-24", "--to", LATER)

    assert [(row["cell"], row["kind"], row["old"], row["new"]) for row in found] == [
        ("1990 2Q", "deleted", "24.4", ""),
        ("2026 3Q", "new", "", "206.5"),
    ]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["M999999"], "M999999 is not published"),
        (["../x"], "is not published"),
        (["M212161", "--from", "2020-01-01"], "there is no edition 2020-01-01"),
        (["M212161", "--from", LATER, "--to", JULY], "is not before"),
    ],
)
def test_a_comparison_that_cannot_be_made_is_one_line(revised, words, why):
    done = call("revisions", *words, lake=revised)

    assert done.returncode == 1
    assert why in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("day", "expected"),
    [("2026-07-23", None), ("2026-07-24", "24.3"), ("2026-10-30", "24.4"), ("2026-12-31", "24.3")],
)
def test_as_of_a_day_gives_one_row_for_each_cell(revised, day, expected):
    sql = "WITH one AS (SELECT * FROM quarterly) SELECT period, value, edition FROM one WHERE table_id = 'M212161'"
    done = call("query", sql, "--as-of", day, "--format", "json", lake=revised)

    rows = json.loads(done.stdout)
    assert {row["period"]: row["value"] for row in rows}.get("1990 1Q") == expected
    assert len({row["period"] for row in rows}) == len(rows) == (146 if expected else 0)


def test_the_same_day_with_other_content_is_a_further_edition(laptop):
    laptop.run("M400751")
    laptop.replay.tables["M400751"].revise("25/09/2026", {("1.1", "2026"): "1177602"})

    runs = [laptop.run("M400751"), laptop.run("M400751", force=True), laptop.run("M400751", force=True)]

    assert [result.tables[0].status for result in runs] == ["unchanged", "published", "published"]
    kept = laptop.query(
        "SELECT edition, value_text FROM yearly_vintages WHERE table_id = 'M400751' AND period = '2026' ORDER BY 1"
    )
    assert [tuple(row.values()) for row in kept] == [("2026-09-25.1", "1177601"), ("2026-09-25.2", "1177602")]


def test_a_reader_sees_one_vintage_or_the_other_whole(laptop):
    sql = (
        "SELECT count(*) AS n, count(DISTINCT vintage) AS vintages, sum(value) AS total, max(vintage) AS vintage"
        " FROM yearly WHERE table_id = 'M810371'"
    )
    seen, done = set(), threading.Event()

    def read():
        while not done.is_set():
            seen.add(tuple(laptop.query(sql)[0].values()))

    laptop.run("M810371")
    before = tuple(laptop.query(sql)[0].values())
    reader = threading.Thread(target=read)
    reader.start()
    laptop.revise("M810371", "24/10/2026", *(str(number) for number in range(44)))
    laptop.run("M810371")
    done.set()
    reader.join()

    after = tuple(laptop.query(sql)[0].values())
    assert before[:2] == after[:2] == ("44", "1")
    assert before != after
    assert seen <= {before, after}


def test_an_older_vintage_is_refused(laptop):
    laptop.revise("M810001", "25/10/2026")
    laptop.run("M810001")
    laptop.revise("M810001", "25/09/2026", "1")

    result = laptop.run("M810001", force=True)

    assert result.status == "FAILED"
    assert "serves the vintage 2026-09-25, 2026-10-25 is published" in result.tables[0].error
    assert laptop.query("SELECT DISTINCT vintage FROM yearly WHERE table_id = 'M810001'") == [{"vintage": "2026-10-25"}]


def test_a_retired_id_names_its_successor_and_the_others_are_published(laptop):
    laptop.run("M213801")
    rebased = laptop.replay.tables.pop("M213801")
    rebased.header = rebased.header | {
        "id": "M219999",
        "title": "Consumer Price Index (CPI), 2029 As Base Year, Annual",
    }
    laptop.replay.tables["M219999"] = rebased

    result = laptop.run("M213801", "M810361")

    assert (result.status, [table.status for table in result.tables]) == ("FAILED", ["failed", "published"])
    error = result.tables[0].error
    assert "it was retired, M219999 (Consumer Price Index (CPI), 2029 As Base Year, Annual)" in error
    assert laptop.query("SELECT count(*) AS n FROM yearly WHERE table_id = 'M213801'") == [{"n": "3036"}]


def test_footnotes_units_and_agency_are_never_lost(published):
    lake, _ = published
    row = query("SELECT unit, footnote FROM yearly WHERE table_id = 'M400751' AND period = '2026'", lake)
    table = query("SELECT source_agency, footnote FROM tables WHERE table_id = 'M400751'", lake)

    assert row == [
        {
            "unit": "Number",
            "footnote": "Includes non-privatised Housing and Urban Development Corporation flats.",
        }
    ]
    assert table == [
        {"source_agency": "SINGAPORE DEPARTMENT OF STATISTICS", "footnote": "Data as at end June of each year."}
    ]


def test_a_search_finds_by_title_and_an_empty_one_says_so(replay):
    found = call("search", "price", "index", "--base-url", replay.url, "--format", "csv", lake=None)
    nothing = call("search", "no", "such", "title", "--base-url", replay.url, "--format", "csv", lake=None)

    assert {line.split(",")[0] for line in found.stdout.splitlines()[1:]} == {
        "M212161",
        "M212261",
        "M213751",
        "M213801",
    }
    assert (nothing.returncode, nothing.stdout) == (0, "id,title,kind\n")
    assert "no table has 'no such title' in its title" in nothing.stderr
