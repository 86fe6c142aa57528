"""Every vintage stays, can be compared and asked for; an older one never comes back."""

import csv
import io
import json
import re
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from pipeline.publication.revisions import revision_kind

from local.cloud.sql.as_of import as_of
from local.replay.recordings import Row
from tests.support.laptop import Laptop, call, query, set_published_at
from tests.support.samples import cells, cross_section, time_series

JULY, OCTOBER, LATER = "2026-07-24.1", "2026-10-24.1", "2026-11-24.1"
SERIES = "SELECT period, value, edition FROM quarterly WHERE table_id = 'M212161'"


def past(sql: str, lake: Path, option: str, day: str) -> list[dict[str, str]]:
    done = call("query", sql, option, day, "--format", "json", lake=lake)
    assert done.returncode == 0, done.stderr
    rows: list[dict[str, str]] = json.loads(done.stdout)
    return rows


def synthetic(number: str, label: str, value: str, unit: str = "Thousand", footnote: str = "") -> Row:
    return Row(number, label, unit, footnote, cells(["2024", "2025"], ["1", value]))


SERIES_BEFORE = [
    *(synthetic("1", "Homes", "10"), synthetic("1.1", "Total", "11"), synthetic("2", "Shops", "20")),
    *(synthetic("2.1", "Total", "21"), synthetic("3", "Offices", "30"), synthetic("7", "Plants", "70")),
]
SERIES_AFTER = [  # Farms are new, so Shops and Offices are renumbered; Plants are renamed
    *(synthetic("1", "Homes", "10", footnote="As of May."), synthetic("1.1", "Total", "11")),
    *(synthetic("2", "Farms", "50"), synthetic("3", "Shops", "20"), synthetic("3.1", "Total", "21.5")),
    *(synthetic("4", "Offices", "30", "Million"), synthetic("7", "Factories", "71")),
]


@pytest.fixture(scope="module")
def revised(switched_on: Laptop) -> Path:
    """A lake with three vintages of M212161, and two of 8233 and of two synthetic tables whose series move."""
    table, cross = switched_on.replay.tables["M212161"], switched_on.replay.tables["8233"]
    moved = time_series("M900010", "Synthetic: a series inserted", "Annual", SERIES_BEFORE)
    moved_cross = cross_section(
        "99010", "Synthetic: a row inserted", [synthetic("1", "A", "1"), synthetic("2", "B", "2")]
    )
    switched_on.replay.tables |= {moved.id: moved, moved_cross.id: moved_cross}
    assert switched_on.run("M212161", "8233", moved.id, moved_cross.id).status == "SUCCEEDED"
    table.revise("24/10/2026", {("1", "1990 1Q"): "24.4", ("1", "2026 3Q"): "206", ("1", "1990 2Q"): None})
    cross.revise("24/10/2026", {("1", "Total", "Males"): "1124.3"})
    moved.rows = SERIES_AFTER
    moved_cross.rows = [synthetic("1", "X", "9"), synthetic("2", "A", "1"), synthetic("3", "B", "2")]
    for each in (moved, moved_cross):
        each.revise("24/10/2026", {})
    assert switched_on.run("M212161", "8233", moved.id, moved_cross.id).status == "SUCCEEDED"
    table.revise("24/11/2026", {("1", "1990 1Q"): "24.3", ("1", "2026 3Q"): "206.5"})
    assert switched_on.run("M212161").status == "SUCCEEDED"
    set_published_at(
        switched_on.lake,
        "M212161",
        "2026-07-25T01:00:00+00:00",
        "2026-10-30T15:59:59+00:00",  # the last second of the day in Singapore
        "2026-11-24T16:00:00+00:00",  # the first second of the next day there
    )
    set_published_at(switched_on.lake, "8233", "2026-10-26T01:00:00+00:00", "2026-10-26T09:00:00+00:00")
    return switched_on.lake


def revisions(lake: Path, *words: str) -> list[dict[str, str]]:
    done = call("revisions", *words, "--format", "csv", lake=lake)
    assert done.returncode == 0, done.stderr
    return list(csv.DictReader(io.StringIO(done.stdout)))


def test_every_vintage_stays(revised):
    counted = query(
        "SELECT edition, count(*) AS n FROM quarterly_vintages WHERE table_id = 'M212161' GROUP BY 1 ORDER BY 1",
        revised,
    )

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


def test_the_view_and_python_agree_on_every_kind(revised):
    """Each cell of each pair of consecutive editions: the view's kind, or no row, is the kind by the rule in Python."""
    texts = query("SELECT edition, period, value_text FROM quarterly_vintages WHERE table_id = 'M212161'", revised)
    kinds = query("SELECT edition, cell, kind FROM revisions WHERE table_id = 'M212161'", revised)
    by_edition = {edition: {} for edition in (JULY, OCTOBER, LATER)}
    for row in texts:
        by_edition[row["edition"]][row["period"]] = row["value_text"]

    expected = {
        (edition, cell, revision_kind(old.get(cell), new.get(cell)))
        for (_, old), (edition, new) in pairwise(by_edition.items())
        for cell in old | new
    }
    assert {kind for *_, kind in expected} == {"revised", "new", "deleted", None}
    assert {tuple(row.values()) for row in kinds} == {found for found in expected if found[-1]}


def test_a_cross_sectional_cell_is_named_by_its_levels(revised):
    rows = query("SELECT series_no, cell, old_value, new_value FROM revisions WHERE table_id = '8233'", revised)

    assert [(r["series_no"], r["cell"], Decimal(r["old_value"]), Decimal(r["new_value"])) for r in rows] == [
        ("1", "Total / Males", Decimal("1124.2"), Decimal("1124.3"))
    ]


def test_a_series_that_is_inserted_renumbers_the_rest_and_revises_nothing(revised):
    names = "series_no, series, cell, kind, old_text, new_text, old_value, new_value"
    rows = query(f"SELECT {names} FROM revisions WHERE table_id = 'M900010' ORDER BY 1, 4, 3", revised)
    cross = query("SELECT series_no, cell, kind FROM revisions WHERE table_id = '99010' ORDER BY 1, 2", revised)

    assert [tuple(row.values())[:6] for row in rows] == [
        ("1", "Homes", "", "footnote", "", "As of May."),
        ("2", "Farms", "2024", "new", None, "1"),
        ("2", "Farms", "2025", "new", None, "50"),
        ("3", "Shops", "", "renumbered", "2", "3"),
        ("3.1", "Total", "", "renumbered", "2.1", "3.1"),
        ("3.1", "Total", "2025", "revised", "21", "21.5"),
        ("4", "Offices", "", "renumbered", "3", "4"),
        ("4", "Offices", "", "unit", "Thousand", "Million"),
        ("7", "Factories", "", "label", "Plants", "Factories"),
        ("7", "Factories", "2025", "revised", "70", "71"),
    ]
    assert {(row["old_value"], row["new_value"]) for row in rows if not row["cell"]} == {(None, None)}
    assert [tuple(row.values()) for row in cross] == [
        *(("1", "2024", "new"), ("1", "2025", "new"), ("2", "", "renumbered"), ("3", "", "renumbered"))
    ]


def test_the_command_tells_how_series_changed(revised):
    found = revisions(revised, "M900010")

    assert [(row["series_no"], row["cell"], row["kind"]) for row in found] == [
        *(("1", "", "footnote"), ("2", "2024", "new"), ("2", "2025", "new"), ("3", "", "renumbered")),
        *(("3.1", "", "renumbered"), ("3.1", "2025", "revised"), ("4", "", "renumbered"), ("4", "", "unit")),
        *(("7", "", "label"), ("7", "2025", "revised")),
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
        (["M212161", "--to", JULY], f"there is no edition before {JULY}"),
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
def test_as_of_a_vintage_gives_one_row_for_each_cell(revised, day, expected):
    sql = "WITH one AS (SELECT * FROM quarterly) SELECT period, value, edition FROM one WHERE table_id = 'M212161'"
    rows = past(sql, revised, "--vintage-as-of", day)

    assert {row["period"]: row["value"] for row in rows}.get("1990 1Q") == expected
    assert len({row["period"] for row in rows}) == len(rows) == (146 if expected else 0)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        *[("2026-07-24", None), ("2026-07-25", "24.3"), ("2026-10-29", "24.3"), ("2026-10-30", "24.4")],
        *[("2026-11-24", "24.4"), ("2026-11-25", "24.3"), ("9999-12-31", "24.3")],
    ],
)
def test_as_of_a_day_is_what_readers_saw_at_its_end_in_singapore(revised, day, expected):
    rows = past(SERIES, revised, "--as-of", day)

    assert {row["period"]: row["value"] for row in rows}.get("1990 1Q") == expected
    assert len({row["period"] for row in rows}) == len(rows) == (146 if expected else 0)


@pytest.mark.parametrize(("day", "expected"), [("2026-10-25", []), ("2026-10-26", ["1124.3"])])
def test_of_two_editions_published_in_a_day_readers_saw_the_second_at_its_end(revised, day, expected):
    sql = "SELECT value FROM cross_sectional WHERE series_no = '1' AND column_1 = 'Total' AND column_2 = 'Males'"

    assert [row["value"] for row in past(sql, revised, "--as-of", day)] == expected


@pytest.mark.parametrize(
    "name", ["transformed_singstat_data.quarterly", "Quarterly", "awsdatacatalog.transformed_singstat_data.quarterly"]
)
def test_as_of_a_day_is_the_same_however_the_table_is_named(revised, name):
    assert past(SERIES.replace("quarterly", name), revised, "--as-of", "2026-10-30") == past(
        SERIES, revised, "--as-of", "2026-10-30"
    )


def test_the_sql_for_athena_in_the_documentation_gives_the_same(revised):
    text = (Path(__file__).parents[2] / "docs" / "data.md").read_text("utf-8")
    (sql,) = re.findall(r"```sql\n(.*?)```", text, re.DOTALL)
    rows = query(sql, revised)

    wanted = past("SELECT period, value, edition FROM quarterly", revised, "--as-of", "2026-10-30")
    assert [{name: row[name] for name in ("period", "edition")} for row in rows] == [
        {name: row[name] for name in ("period", "edition")} for row in wanted
    ]


def test_the_two_pasts_exclude_each_other(revised):
    done = call("query", SERIES, "--as-of", "2026-10-30", "--vintage-as-of", "2026-10-30", lake=revised)

    assert (done.returncode, done.stderr) == (2, "singstat: use either --as-of or --vintage-as-of, not both\n")


def test_a_correction_of_the_same_vintage_is_seen_from_its_publication_on(laptop):
    laptop.run("M400391")
    vintage = laptop.query("SELECT vintage FROM tables WHERE table_id = 'M400391'")[0]["vintage"]
    laptop.revise("M400391", f"{vintage[8:]}/{vintage[5:7]}/{vintage[:4]}", "1")
    laptop.run("M400391", force=True)
    set_published_at(laptop.lake, "M400391", "2026-10-20T01:00:00+00:00", "2026-10-22T01:00:00+00:00")
    sql = "SELECT DISTINCT edition FROM quarterly WHERE table_id = 'M400391'"

    def seen(option: str) -> list[str]:
        return [row["edition"] for day in ("2026-10-21", "2026-10-22") for row in past(sql, laptop.lake, option, day)]

    assert seen("--as-of") == [f"{vintage}.1", f"{vintage}.2"]
    assert seen("--vintage-as-of") == [f"{vintage}.2", f"{vintage}.2"]


def test_every_edition_is_listed_with_its_time_of_publication(laptop):
    before = datetime.now(UTC).isoformat(timespec="seconds")
    laptop.run("M212311")
    laptop.revise("M212311", "25/11/2026", "1")
    laptop.run("M212311")
    between = laptop.query("SELECT * FROM editions WHERE table_id = 'M212311' ORDER BY published_at")
    laptop.run("M212311", force=True)
    after = laptop.query("SELECT * FROM editions WHERE table_id = 'M212311' ORDER BY published_at")

    assert before <= between[0]["published_at"] < between[1]["published_at"]
    assert [row["vintage"] for row in between][1] == "2026-11-25"
    assert [row | {"run_id": ""} for row in after] == [row | {"run_id": ""} for row in between]  # as first published
    assert after[1]["run_id"] != between[1]["run_id"]


def test_editions_of_an_older_record_count_from_the_first_known_time(laptop):
    listed = "SELECT edition, published_at FROM editions WHERE table_id = 'M400841' ORDER BY edition"
    laptop.run("M400841")
    laptop.revise("M400841", "25/11/2026", "1")
    laptop.run("M400841")
    set_published_at(laptop.lake, "M400841", None, None)
    fetched_at = laptop.query("SELECT fetched_at FROM tables WHERE table_id = 'M400841'")[0]["fetched_at"]

    first, second = laptop.query(listed)
    assert first["published_at"] == f"{first['edition'].removesuffix('.1')}T00:00:00+00:00"
    assert second == {"edition": "2026-11-25.1", "published_at": fetched_at}

    laptop.revise("M400841", "26/11/2026", "2")
    laptop.run("M400841")

    assert laptop.query(listed)[:2] == [first, second]


def test_the_same_day_with_other_content_is_a_further_edition(laptop):
    laptop.run("M400751")
    laptop.replay.tables["M400751"].revise("25/09/2026", {("1.1", "2026"): "1177602"})

    runs = [laptop.run("M400751"), laptop.run("M400751", force=True), laptop.run("M400751", force=True)]

    assert [result.tables[0].status for result in runs] == ["unchanged", "published", "published"]
    kept = laptop.query(
        "SELECT edition, value_text FROM yearly_vintages WHERE table_id = 'M400751' AND period = '2026' ORDER BY 1"
    )
    assert [tuple(row.values()) for row in kept] == [("2026-09-25.1", "1177601"), ("2026-09-25.2", "1177602")]

    unknown = laptop.restore(rollback={"table": "M400751", "to": "2020-01-01"})
    assert (unknown.status, unknown.error, unknown.states[-1].name) == ("FAILED", "InputInvalid", "RestoreEdition")
    assert "M400751 has no edition 2020-01-01; it has 2026-09-25.1, 2026-09-25.2" in unknown.cause
    back = laptop.restore(rollback={"table": "M400751", "to": "2026-09-25.1", "by": "analyst"})
    assert (back.status, [state.name for state in back.states][-2:]) == ("SUCCEEDED", ["RestoreEdition", "Complete"])
    shown = "SELECT value_text FROM yearly WHERE table_id = 'M400751' AND period = '2026'"
    assert laptop.query(shown) == [{"value_text": "1177601"}]
    (audit,) = laptop.lake.glob(f"*/audit/M400751/{back.run_id}.json")
    record = json.loads(audit.read_bytes())
    assert (record["action"], record["edition"], record["by"]) == ("rollback", "2026-09-25.1", "analyst")
    assert (record["before"]["edition"], record["after"]["edition"]) == ("2026-09-25.2", "2026-09-25.1")
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date()
    assert [row["edition"] for row in laptop.query(as_of(shown.replace("value_text", "edition"), tomorrow))] == [
        "2026-09-25.1"
    ]

    undone = laptop.run("M400751", force=True)
    assert "readers were rolled back from the vintage 2026-09-25" in undone.tables[0].error
    assert laptop.query(shown) == [{"value_text": "1177601"}]


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
    laptop.run("M810371", accept=True)  # every value changes
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
    assert "it was retired: M219999 (Consumer Price Index (CPI), 2029 As Base Year, Annual)" in error
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
