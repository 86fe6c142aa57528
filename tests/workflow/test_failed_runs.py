"""When something is wrong: one clear line, a named error, and readers see what they saw before."""

import json
from decimal import Decimal

import pytest

from local.replay.server import Answer
from tests.support import samples
from tests.support.executions import all_events
from tests.support.laptop import call, query, run

HTML = Answer(200, b"<html>maintenance</html>", "text/html", {})


def broken(replay, answer):
    """Make the server answer tabledata with `answer(request, usual answer)`, metadata as ever."""
    usual = replay.answer
    replay.answer = lambda request: answer(request, usual) if "/tabledata/" in request.path else usual(request)


def short_of_a_cell(request, usual):
    body = json.loads(usual(request).body)
    body["Data"]["row"][0]["columns"].pop()
    return Answer(200, json.dumps(body).encode(), "application/json", {})


def cut_off(request, usual):
    whole = usual(request)
    headers = {"Content-Length": str(len(whole.body) + 100), "Connection": "close"}
    return Answer(200, whole.body, whole.content_type, headers)


def test_an_unknown_table_fails_and_the_others_are_published(lake):
    code, result = run("M999999", "M212161", lake=lake)

    assert (code, result["status"]) == (1, "FAILED")
    assert [(table["table_id"], table["status"]) for table in result["tables"]] == [
        ("M999999", "failed"),
        ("M212161", "published"),
    ]
    assert result["tables"][0]["error"].startswith("M999999 DownloadTable: SingStat has no such table (404). Next: ")
    assert query("SELECT count(*) AS n FROM quarterly", lake) == [{"n": "146"}]


def readers_see(laptop, table_id):
    sql = "SELECT period, value_text, vintage FROM quarterly WHERE table_id = '{}' ORDER BY 1"
    return laptop.query(sql.format(table_id))


@pytest.mark.parametrize(
    ("table_id", "answer", "why"),
    [
        pytest.param("M212261", lambda *_: HTML, "the body is text/html, not JSON", id="maintenance page"),
        pytest.param(
            "M212311",
            lambda *_: Answer(503, b"", "text/html", {"Retry-After": "0"}),
            "SingStat answered 503 each time",
            id="503",
        ),
        pytest.param("M212161", short_of_a_cell, "145 of 146 cells arrived", id="a cell is missing"),
        pytest.param(
            "M400391",
            lambda *_: Answer(400, b"{}", "application/json", {}),
            "SingStat answered 400",
            id="400",
        ),
        pytest.param("M183891", cut_off, "was truncated 3 times", id="cut off"),
        pytest.param(
            "M015661",
            lambda *_: Answer(302, b"", "text/html", {"Location": "http://127.0.0.1:9/"}),
            "SingStat answered 302",
            id="redirect",
        ),
    ],
)
def test_a_bad_answer_changes_nothing_for_readers(laptop, table_id, answer, why):
    laptop.run(table_id)
    before = readers_see(laptop, table_id)
    laptop.revise(table_id, "24/10/2026", "99.9")
    broken(laptop.replay, answer)

    result = laptop.run(table_id)

    assert (result.status, result.tables[0].status) == ("FAILED", "failed")
    assert f"{table_id} DownloadTable: " in result.tables[0].error
    assert why in result.tables[0].error
    assert "Next: " in result.tables[0].error
    assert before
    assert readers_see(laptop, table_id) == before


def test_singstat_out_of_reach_is_one_clear_line_and_explained_later(lake):
    done = call("run", "M212161", "--base-url", "http://127.0.0.1:9/api/table", lake=lake)
    explained = call("explain", lake=lake)

    assert done.returncode == 1
    lines = [line for line in done.stdout.splitlines() if "no connection" in line]
    assert len(lines) == 1
    assert lines[0].startswith("M212161 DownloadTable: no connection to http://127.0.0.1:9/api/table")
    assert "Traceback" not in done.stdout + done.stderr
    assert "SomeTablesFailed" in explained.stdout
    assert "DownloadTable failed: SourceUnavailable" in explained.stdout


def test_an_error_that_passes_is_survived(laptop):
    answers = [Answer(status, b"", "text/html", {}) for status in (503, 408, 425, 429)]
    broken(laptop.replay, lambda request, usual: answers.pop() if answers else usual(request))

    result = laptop.run("M400841")

    assert result.status == "SUCCEEDED"
    assert not answers


def test_what_waiting_cures_does_not_fail(laptop):
    tables = ["M900001", "M900003"]
    laptop.replay.tables |= {table: samples.samples()[table] for table in tables}
    refusals = [Answer(429, b"", "text/html", {})] * 15  # a client gives up after five
    broken(laptop.replay, lambda request, usual: refusals.pop() if refusals else usual(request))

    result = laptop.run(*tables)

    assert {table.table_id: table.status for table in result.tables} == dict.fromkeys(tables, "published")
    assert not refusals
    execution = f"{laptop.aws.resource('Pipeline').replace(':stateMachine:', ':execution:')}:{result.run_id}"
    refused = [event for event in all_events(laptop.aws, execution) if "SourceThrottled" in str(event)]
    assert refused
    assert {event["type"] for event in refused} == {"LambdaFunctionFailed"}


def test_a_new_vintage_replaces_the_old_whole(laptop):
    laptop.run("M810371")
    laptop.revise("M810371", "24/10/2026", "99.9", None)

    result = laptop.run("M810371")

    table = result.tables[0]
    assert (table.status, table.vintage, table.published) == ("published", "2026-10-24", 43)
    sql = "SELECT value, vintage FROM yearly WHERE table_id = 'M810371' ORDER BY period_start LIMIT 1"
    assert [(Decimal(row["value"]), row["vintage"]) for row in laptop.query(sql)] == [(Decimal("99.9"), "2026-10-24")]


def test_a_republication_between_pages_starts_the_fetch_again(laptop):
    def republish(request, usual):
        if "offset" in request.query and laptop.replay.tables["M550002"].header["dataLastUpdated"] != "24/10/2026":
            laptop.revise("M550002", "24/10/2026", "1")
        return usual(request)

    broken(laptop.replay, republish)

    result = laptop.run("M550002")

    assert (result.status, result.tables[0].vintage, result.tables[0].published) == ("SUCCEEDED", "2026-10-24", 12_122)
    kept = [path.parent.name for path in laptop.lake.glob("*/untransformedsingstatdata/monthly/M550002/*/**/page-*.gz")]
    assert kept.count("refetch-1") == 3
    assert len(kept) == 5


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["../../x"], "'../../x' is not a table id"),
        (["M212161", "M212161"], "M212161 is given twice"),
        (["--dataset", "weekly"], "there is no list 'weekly' (all, monthly, quarterly, yearly)"),
        (["--dataset", ""], "there is no list ''"),
        (["M212161", "--dataset", "monthly"], "give either tables or a list"),
        ([""], "'' is not a table id"),
    ],
)
def test_a_wrong_call_is_refused_before_anything_is_downloaded(lake, words, why):
    done = call("run", *words, lake=lake)

    assert done.returncode == 2
    assert done.stderr.startswith(f"singstat: {why}")
    assert len(done.stderr.splitlines()) == 1
    assert not list(lake.glob("*/untransformedsingstatdata"))


def test_a_query_that_cannot_be_answered_is_one_line(published):
    done = call("query", "SELECT * FROM nowhere", lake=published[0])

    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "nowhere" in done.stderr


def test_a_query_before_the_first_run_says_what_to_do(lake):
    done = call("tables", lake=lake)

    assert (done.returncode, done.stdout) == (1, "")
    assert "start with `singstat run`" in done.stderr
