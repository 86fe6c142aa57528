"""The first run publishes every recorded cell, exactly."""

import gzip
import hashlib
import json
from pathlib import Path

from tests.support.laptop import call, query, run

RECORDINGS = Path(__file__).parents[2] / "local" / "replay" / "recordings"


def test_downloaded_equals_verified_equals_published(published):
    lake, result = published
    counted = query(
        "SELECT table_id, count(*) AS n FROM (SELECT table_id FROM monthly UNION ALL SELECT table_id FROM quarterly"
        " UNION ALL SELECT table_id FROM yearly UNION ALL SELECT table_id FROM cross_sectional) GROUP BY table_id",
        lake,
    )
    manifests = [json.loads(path.read_bytes()) for path in lake.glob("*/untransformedsingstatdata/*/*/*/manifest.json")]

    assert {row["table_id"]: int(row["n"]) for row in counted} == {
        table["table_id"]: table["observations"] for table in result["tables"]
    }
    assert {m["header"]["table_id"]: m["observations"] for m in manifests} == {
        table["table_id"]: table["observations"] for table in result["tables"]
    }
    assert {table["status"] for table in result["tables"]} == {"published"}


def test_every_page_is_kept_as_it_came(published):
    lake, _ = published
    (bucket,) = {path.parents[4] for path in lake.glob("*/untransformedsingstatdata/*/*/*/manifest.json")}
    pages = [
        page
        for path in lake.glob("*/untransformedsingstatdata/*/*/*/manifest.json")
        for page in json.loads(path.read_bytes())["pages"]
    ]

    assert len(pages) > 16
    for page in pages:
        body = gzip.decompress((bucket / page["key"]).read_bytes())
        assert hashlib.sha256(body).hexdigest() == page["sha256"]
    whole = next(page["key"] for page in pages if "/M213801/" in page["key"])
    assert (
        gzip.decompress((bucket / whole).read_bytes())
        == (RECORDINGS / "responses" / "M213801.tabledata.json").read_bytes()
    )


def test_exact_decimals_and_text(published):
    lake, _ = published

    sql = "SELECT value, value_text FROM quarterly WHERE table_id='M212161' AND period='1990 1Q'"
    done = call("query", sql, "--format", "json", lake=lake)

    assert json.loads(done.stdout) == [{"value": "24.3", "value_text": "24.3"}]


def test_csv_has_a_header_line(published):
    lake, _ = published

    done = call(
        "query", "SELECT table_id, count(*) AS n FROM monthly GROUP BY 1 ORDER BY 1", "--format", "csv", lake=lake
    )

    assert done.stdout == "table_id,n\nM211251,1585\nM213751,5000\nM550002,12122\nM700051,5000\n"


def test_tables_is_the_dimension(published):
    lake, _ = published

    rows = query("SELECT * FROM tables WHERE table_id = 'M212161'", lake)

    assert [(row["title"], row["frequency"], row["vintage"], row["observations"]) for row in rows] == [
        (
            "Housing And Development Board (HDB) Resale Price Index (1Q2009 = 100), Quarterly",
            "quarterly",
            "2026-07-24",
            "146",
        )
    ]
    assert rows[0]["source_agency"] == "HOUSING AND DEVELOPMENT BOARD"
    assert "stratified hedonic regression" in rows[0]["footnote"]


def test_the_first_run_crawls_and_leaves_no_job(published):
    lake, result = published
    states = [state["name"] for state in story(lake, result["run_id"])["states"]]

    assert "StartCrawl" in states
    assert states[-2:] == ["IsComplete?", "Complete"]


def story(lake: Path, run_id: str) -> dict:
    return json.loads((lake / ".executions" / f"{run_id}.json").read_bytes())


def test_a_second_run_asks_once_per_table_and_does_nothing_more(lake, replay):
    first = run("--dataset", "quarterly", "--base-url", replay.url, lake=lake)
    replay.requests.clear()
    code, again = run("--dataset", "quarterly", "--base-url", replay.url, lake=lake)

    assert (first[0], code) == (0, 0)
    assert {table["status"] for table in again["tables"]} == {"unchanged"}
    assert [table["observations"] for table in again["tables"]] == [
        table["observations"] for table in first[1]["tables"]
    ]
    assert sorted(path for path, _ in replay.requests) == sorted(
        f"/api/table/metadata/{table['table_id']}" for table in again["tables"]
    )
    states = {state["name"] for state in story(lake, again["run_id"])["states"]}
    assert states == {
        *(
            "PlanRun",
            "IsDownload?",
            "DownloadTables",
            "CheckTables",
            "DownloadChanged",
            "TallyDownloads",
            "AnythingNew?",
        ),
        *("Notify", "IsComplete?", "Complete"),
    }


def test_only_the_first_run_crawls_unless_told_to(laptop):
    runs = [laptop.run("M212161"), laptop.run("M400751"), laptop.run("M810001", crawl="always")]

    crawled = ["StartCrawl" in {s["name"] for s in story(laptop.lake, result.run_id)["states"]} for result in runs]
    assert crawled == [True, False, True]
    assert laptop.query("SELECT count(*) AS n FROM yearly") == [{"n": "75"}]
