"""Tables are checked in batches: one request for each that is unchanged, and a stop once the source is down."""

import json
from collections import Counter
from datetime import UTC, datetime

import pytest
from pipeline.contracts import keys
from pipeline.costs.estimate import estimate
from pipeline.costs.usage import measure

from local.cli import histories
from local.cloud.account import REGION
from local.cloud.iam.calls import read_call, signed
from local.cloud.machine import kept
from local.cloud.services.mailbox import mails
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


def test_a_run_of_two_hundred_batches_is_read_once(laptop):
    """Their histories are copies of those of four batches, each of more events than a page has by default."""
    absent = [f"M9998{number:02}" for number in range(42)]
    few = laptop.run("M810361", *absent)
    laptop.aws.rules.finish()
    many = copied(laptop, few.run_id, 50)
    with_batches = measure(histories.read(laptop.aws, many), datetime.now(UTC))

    first = asked_by(laptop, "NotifyFunction", {"run_id": "many"})
    second = asked_by(laptop, "NotifyFunction", {"run_id": "many"})

    assert (first["GetExecutionHistory"], first["ListExecutions"]) == (1 + 200, 1)
    assert (second["GetExecutionHistory"], second["ListExecutions"]) == (1, 0)
    (path,) = laptop.lake.glob("*/costs/*/many.json")
    cost = estimate(with_batches, REGION, "arm64")
    assert json.loads(path.read_bytes())["cost"]["usd"] == str(cost.usd)
    assert ["(many)" in mail.subject for mail in mails(laptop.lake)].count(True) == 2


def copied(laptop, run_id, times):
    """The ARN of an ended run "many", whose batches are as many times those of a run that failed."""
    kept_run = laptop.lake / ".redrivable" / f"{run_id}.json"
    text = kept_run.read_text("utf-8").replace(run_id, "many")
    (map_run,) = json.loads(text)["map_runs"].values()
    run = json.loads(text.replace(map_run["arn"], f"{map_run['arn']}-many"))
    (map_run,) = run["map_runs"].values()
    map_run["children"] = [
        child | {"name": f"{child['name']}-{number}"} for child in map_run["children"] for number in range(times)
    ]
    kept_run.with_name("many.json").write_text(json.dumps(run))
    kept.restore(kept_run.with_name("many.json"))
    for name in ("plan", "tally"):
        (record,) = laptop.lake.glob(f"*/{keys.run(run_id, name)}")
        bucket = record.relative_to(laptop.lake).parts[0]
        laptop.aws.put(f"s3://{bucket}/{keys.run('many', name)}", record.read_bytes())
    return run["arn"]


def asked_by(laptop, function, event):
    """How often a function's role asked Step Functions for what."""
    asked = Counter()

    def count(environ):
        found = signed(environ)
        if found and found[1] == "states":
            asked[read_call(environ, "states").operation] += 1

    laptop.aws.front.routes.insert(0, count)
    answer = laptop.aws.functions.invoke(laptop.aws.resource(function), event)
    laptop.aws.front.routes.remove(count)
    assert json.loads(answer.payload) == event, answer.payload
    return asked


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
