"""When something is wrong: one clear line, a named error, and readers see what they saw before."""

import json
from decimal import Decimal

import pytest
from conftest import call, query, run

from local.replay import Answer

BEFORE = "SELECT table_id, value FROM quarterly WHERE table_id = 'M212161' AND period = '1990 1Q'"
HTML = Answer(200, b"<html>maintenance</html>", "text/html", {})


def broken(replay, answer):
    """Make the server answer tabledata with `answer(request, usual answer)`, metadata as ever."""
    usual = replay.answer
    replay.answer = lambda request: answer(request, usual) if "/tabledata/" in request.path else usual(request)


def short_of_a_cell(request, usual):
    body = json.loads(usual(request).body)
    body["Data"]["row"][0]["columns"].pop()
    return Answer(200, json.dumps(body).encode(), "application/json", {})


def test_an_unknown_table_fails_and_the_others_are_published(lake):
    code, result = run("M999999", "M212161", lake=lake)

    assert (code, result["status"]) == (1, "FAILED")
    assert [(table["table_id"], table["status"]) for table in result["tables"]] == [
        ("M999999", "failed"),
        ("M212161", "published"),
    ]
    assert result["tables"][0]["error"].startswith(
        "M999999 DownloadTable: SingStat does not know this table (404). Next: "
    )
    assert len(query(BEFORE, lake)) == 1


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        pytest.param(lambda *_: HTML, "the body is text/html, not JSON", id="maintenance page"),
        pytest.param(
            lambda *_: Answer(503, b"", "text/html", {"Retry-After": "0"}), "SingStat answered 503 each time", id="503"
        ),
        pytest.param(short_of_a_cell, "145 of 146 cells arrived", id="a cell is missing"),
        pytest.param(lambda *_: Answer(400, b"{}", "application/json", {}), "SingStat answered 400", id="400"),
    ],
)
def test_a_bad_answer_changes_nothing_for_readers(lake, replay, answer, why):
    run("M212161", "--base-url", replay.url, lake=lake)
    before = query(BEFORE, lake)
    replay.tables["M212161"].revise("24/10/2026", {("1", "1990 1Q"): "99.9"})
    broken(replay, answer)

    code, result = run("M212161", "--base-url", replay.url, lake=lake)

    assert code == 1
    assert f"M212161 DownloadTable: {why}" in result["tables"][0]["error"]
    assert "Next: " in result["tables"][0]["error"]
    assert query(BEFORE, lake) == before


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


def test_an_error_that_passes_is_survived(lake, replay):
    answers = [Answer(503, b"", "text/html", {"Retry-After": "0"}), Answer(429, b"", "text/html", {})]
    broken(replay, lambda request, usual: answers.pop() if answers else usual(request))

    code, _ = run("M212161", "--base-url", replay.url, lake=lake)

    assert code == 0
    assert not answers


def test_a_new_vintage_replaces_the_old_whole(lake, replay):
    run("M212161", "--base-url", replay.url, lake=lake)
    replay.tables["M212161"].revise("24/10/2026", {("1", "1990 1Q"): "99.9", ("1", "2026 3Q"): "206"})

    code, result = run("M212161", "--base-url", replay.url, lake=lake)

    assert (code, result["tables"][0]["vintage"], result["tables"][0]["observations"]) == (0, "2026-10-24", 147)
    assert [Decimal(row["value"]) for row in query(BEFORE, lake)] == [Decimal("99.9")]
    old = query("SELECT edition, count(*) AS n FROM quarterly_vintages GROUP BY edition ORDER BY edition", lake)
    assert old == [{"edition": "2026-07-24.1", "n": "146"}, {"edition": "2026-10-24.1", "n": "147"}]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["../../x"], "'../../x' is no table id"),
        (["M212161", "M212161"], "M212161 is given twice"),
        (["--dataset", "weekly"], "'weekly' is no dataset (monthly, quarterly, yearly, all)"),
        (["--dataset", ""], "'' is no dataset"),
        (["M212161", "--dataset", "monthly"], "give either tables or a dataset"),
        ([""], "'' is no table id"),
    ],
)
def test_a_wrong_call_is_refused_before_anything_is_downloaded(lake, words, why):
    done = call("run", *words, lake=lake)

    assert done.returncode == 2
    assert done.stderr.strip() == f"singstat: {why}" or why in done.stderr
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
