"""Tables are checked in batches: one request for each that is unchanged, and a stop once the source is down."""

import json
from collections import Counter

import pytest
from pipeline.contracts import keys

from local.replay.server import Answer

IN_A_ROW = 20
READABLE = {"published", "unchanged"}
PUBLISHED = ["M810361", "M810371", "M212161", "M213801", "M601471"]


@pytest.fixture
def asked(laptop):
    """The requests to SingStat by table."""
    usual, counted = laptop.replay.answer, Counter()

    def count(request):
        counted[request.path.rpartition("/")[2]] += 1
        return usual(request)

    laptop.replay.answer = count
    yield counted
    laptop.replay.answer = usual


def failures(laptop, run_id):
    (tally,) = laptop.lake.glob(f"*/{keys.run(run_id, 'tally')}")
    return {table["table_id"]: table["error"] for table in json.loads(tally.read_bytes())["failed"]}


def test_an_unchanged_table_costs_one_request_and_a_changed_one_is_downloaded(laptop, asked):
    assert {table.status for table in laptop.run(*PUBLISHED).tables} <= READABLE
    asked.clear()

    unchanged = laptop.run(*PUBLISHED)

    assert {table.status for table in unchanged.tables} == {"unchanged"}
    assert asked == dict.fromkeys(PUBLISHED, 1)
    # PlanRun to Complete, and for each of three batches its start, CheckTables and DownloadChanged
    assert unchanged.states_entered == 8 + 3 * 2
    assert {line.item: str(line.quantity) for line in unchanged.cost.lines}["Step Functions"] == str(8 + 3 * 3)

    laptop.revise("M810371", "24/10/2026", "99.9", None)
    changed = laptop.run(*PUBLISHED)

    assert [table.table_id for table in changed.tables if table.status == "published"] == ["M810371"]
    assert {table.status for table in changed.tables} == {"published", "unchanged"}


def test_after_twenty_tables_without_an_answer_the_source_is_left_alone(laptop, asked):
    good, absent = "M400751", [f"M9999{number:02}" for number in range(2 * IN_A_ROW)]
    usual = laptop.replay.answer
    laptop.replay.answer = lambda request: (
        usual(request) if good in request.path else (usual(request), Answer(503, b"", "text/html", {}))[1]
    )

    result = laptop.run(good, "M810361", *absent)

    laptop.replay.answer = usual
    found = failures(laptop, result.run_id)
    errors = Counter(error["Error"] for error in found.values())
    assert {table.table_id: table.status for table in result.tables}[good] == "published"
    assert set(found) == {"M810361", *absent}
    assert set(errors) == {"SourceUnavailable", "SourceDown"}
    assert IN_A_ROW - 1 <= errors["SourceUnavailable"] < 2 * IN_A_ROW  # its success may end a first row
    assert "asks for no more" in next(error["Cause"] for error in found.values() if error["Error"] == "SourceDown")

    asked.clear()
    assert {table.status for table in laptop.run("M810361").tables} <= READABLE  # another run asks again
