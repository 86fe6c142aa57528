"""AWS refuses, throttles, loses an answer, or a function dies, at every point where a function waits for AWS."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from local.cli.histories import read
from local.cli.story import summarise
from local.cloud.aws import LocalAWS
from local.replay.server import Replay
from tests.support import oracle
from tests.support.aws_cases import ALL, CASES, CRAWL, CRAWLED, READS, WRITES, points
from tests.support.aws_faults import Faults, tagged
from tests.support.misbehaviour import Misbehaving
from tests.support.once import once
from tests.support.projects import WITHOUT_REPORT, with_definition
from tests.support.source_cases import CAP, quarterly, second_edition

pytestmark = pytest.mark.timeout(900)  # all runs belong to the first test

AT_ONCE = 10
GOES_ON = ("Notify", "CleanUp", "CheckTables")  # the run does, after a failure of these
NOT_DESCRIBED = "refused at PublishTables s3:ListObjectsV2"  # readers see the edition all the same
SOONER = ('"IntervalSeconds": 30', '"IntervalSeconds": 1')
PARAMETERS = {"PollSeconds": "1", "BackoffSeconds": "0"}
IDS = {name: f"M{840000 + n}" for n, name in enumerate(ALL)}
RUNS = {name: f"fault-{n}" for n, name in enumerate(ALL)}
SHOWN_BEFORE = [table for name, table in IDS.items() if "PublishTables" in name]


def play(folder: Path) -> dict[str, Any]:
    """A run that nothing disturbs, the runs of all cases, each of a table of its own, and one of all these tables."""
    (folder / "project").mkdir()
    template = with_definition(folder / "project", WITHOUT_REPORT, SOONER)
    with Replay({table: quarterly(table) for table in IDS.values()}, cells_per_page=CAP) as replay, tagged():
        source = Misbehaving(replay)
        with LocalAWS(folder / "lake", template, PARAMETERS | {"SourceUrl": replay.url}) as aws:
            faults, bucket = Faults(aws), aws.lake / aws.resource("DataBucket")
            oracle.run(aws, SHOWN_BEFORE)
            replay.tables.update({table: second_edition(quarterly(table)) for table in IDS.values()})
            faults.rules = {RUNS[name]: rules for name, rules in ALL.items()}
            before = oracle.raw_files(bucket)
            with ThreadPoolExecutor(AT_ONCE) as pool:
                cases = dict(zip(CASES, pool.map(partial(_case, aws, faults), CASES), strict=True))
            cases |= {name: _case(aws, faults, name, crawl="always") for name in CRAWLED}  # one crawl at a time
            aws.rules.finish()
            disturbed = _moment(aws)
            altered = [wrong for run in RUNS.values() for wrong in oracle.altered(bucket, before, source.sent, run)]
            _, ended = oracle.run(aws, [*IDS.values()])
            return {"cases": cases, "altered": altered, "disturbed": disturbed, "healed": _moment(aws) | ended}


def _case(aws: LocalAWS, faults: Faults, name: str, **options: Any) -> dict[str, Any]:
    run, bucket = RUNS[name], aws.lake / aws.resource("DataBucket")
    execution = aws.start({"tables": [IDS[name]], **options}, run)
    while aws.describe(execution)["status"] == "RUNNING":
        time.sleep(0.1)
    story = summarise(run, {}, aws.describe(execution), read(aws, execution))
    return {
        "status": story.status,
        "error": story.error,
        "cause": story.cause,
        "state": story.failures[-1].state if story.failures else "",
        "failures": oracle.failures(bucket, run).get(IDS[name], []),
        "points": sorted(map(str, faults.seen.get(run, ()))),
    }


def _moment(aws: LocalAWS) -> dict[str, Any]:
    lake = oracle.Lake(aws)
    return {"seen": lake.tables, "torn": lake.torn(), "publications": lake.publications, "left": oracle.left_over(aws)}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    def make(folder: Path) -> None:
        (folder / "runs.json").write_text(json.dumps(play(folder), default=str))

    return json.loads((once(tmp_path_factory, "misbehaving-aws", make) / "runs.json").read_bytes())


def first(table: str) -> oracle.Cells:
    return oracle.source_cells(quarterly(table)) if table in SHOWN_BEFORE else []


def second(table: str) -> oracle.Cells:
    return oracle.source_cells(second_edition(quarterly(table)))


@pytest.mark.parametrize("name", ALL)
def test_a_run_ends_by_name_and_the_next_one_publishes(runs, name):
    case, table, rule = runs["cases"][name], IDS[name], ALL[name][0]
    function = rule.point.function

    if rule.retried or rule.kind == "answer lost" or function in GOES_ON or name == NOT_DESCRIBED:
        assert (case["status"], case["error"]) == ("SUCCEEDED", ""), case
        assert runs["disturbed"]["seen"][table] == second(table)
    else:
        assert case["status"] == "FAILED", case
        failed_at(function, table, case, killed=rule.kind.startswith("killed"))
        assert runs["disturbed"]["seen"].get(table, []) in (first(table), second(table))
    if rule.point.function:
        assert str(rule.point._replace(number=max(rule.point.number, 1))) in case["points"]
    assert runs["healed"]["seen"][table] == second(table)
    editions = [each["edition"] for each in runs["healed"]["publications"][table]["editions"]]
    assert editions == ["2026-02-01.1"] * (table in SHOWN_BEFORE) + ["2026-03-01.1"]


def failed_at(function: str, table: str, case: dict[str, Any], *, killed: bool) -> None:
    """The failure has its state, a cause, a next step, and a name of ours unless Lambda itself reports the end."""
    if function == "DownloadTable":
        assert case["error"] == "SomeTablesFailed"
        (failure,) = case["failures"]
        if killed:
            assert failure["Error"] == "Runtime.ExitError"
            failure = failure | {"Error": "SourceError"}
        assert oracle.unnamed(table, failure) == []
    else:
        assert case["state"] == function
        assert (case["error"] == "Runtime.ExitError") if killed else (case["error"] in oracle.NEXT_STEPS), case
        assert "Next: " in case["cause"]


def test_readers_see_whole_editions(runs):
    assert (runs["healed"]["status"], runs["healed"]["torn"]) == ("SUCCEEDED", [])


def test_every_page_is_kept_as_it_came(runs):
    assert runs["altered"] == []


@pytest.mark.parametrize("when", ["disturbed", "healed"])
def test_nothing_is_left_running(runs, when):
    assert runs[when]["left"] == []


def test_every_point_has_its_case(runs):
    """A function that waits for AWS at one more place needs one more line here."""
    known = {str(point) for point in points(WRITES, READS, CRAWL)}
    undisturbed = {
        point for name, case in runs["cases"].items() if "refused at Notify" in name for point in case["points"]
    }

    assert undisturbed - known == set()
