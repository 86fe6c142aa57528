"""A run that failed is redriven: it goes on in the state that failed, and downloads nothing twice."""

import json

import pytest

from tests.support.lost_answers import each_lost_once
from tests.support.waiting import wait_for

STATES = [
    *("PlanRun", "TallyDownloads", "StartTransform", "CheckTransform", "StagePartitions", "StartCrawl", "CheckCrawl"),
    *("StartVerification", "CheckVerification", "PublishTables", "WriteReport"),
]


def published(laptop, table_id):
    sql = f"SELECT period, value_text, vintage FROM yearly WHERE table_id = '{table_id}' ORDER BY 1, 2"
    (record,) = laptop.lake.glob(f"*/publications/{table_id}.json")
    return laptop.query(sql), json.loads(record.read_bytes())


def ran(laptop, execution):
    laptop.aws.rules.finish()  # which deletes the DataBrew job of a failed run
    wait_for(lambda: laptop.aws.describe(execution)["status"] != "RUNNING")
    laptop.aws.rules.finish()
    return laptop.aws.describe(execution)


def test_a_run_is_redriven_from_every_state(laptop):
    laptop.run("M810371", crawl="always", force=True)
    unharmed, _ = published(laptop, "M810371")
    laptop.replay.requests.clear()

    failed_in = []
    with each_lost_once(laptop.aws, *STATES):
        execution = laptop.aws.start({"tables": ["M810371"], "crawl": "always", "force": True}, "redriven")
        while (ended := ran(laptop, execution))["status"] == "FAILED":
            assert ended["error"] == "Runtime.ExitError"
            entered = [event for event in laptop.aws.history(execution) if event["type"] == "TaskStateEntered"]
            failed_in.append(entered[-1]["stateEnteredEventDetails"]["name"])
            assert laptop.aws.redrive("redriven") == execution

    assert (ended["status"], failed_in) == ("SUCCEEDED", STATES)
    data, record = published(laptop, "M810371")
    assert data == unharmed
    assert record["editions"][-1]["run_id"] == "redriven"
    assert len([path for path, _ in laptop.replay.requests if "/tabledata/" in path]) == 1
    assert laptop.aws.client("databrew").list_jobs()["Jobs"] == []
    found = laptop.aws.client("stepfunctions").describe_execution(executionArn=execution)
    assert (found["redriveCount"], found["redriveStatus"]) == (len(STATES), "NOT_REDRIVABLE")
    events = laptop.aws.history(execution)
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))


def test_a_forget_is_redriven(laptop):
    laptop.run("M810361", force=True)
    with each_lost_once(laptop.aws, "RestoreEdition"):
        execution = laptop.aws.start({"forget": {"table": "M810361", "vintage": "2026-02-09"}}, "forgotten")
        assert ran(laptop, execution)["error"] == "Runtime.ExitError"
        laptop.aws.redrive("forgotten")

        assert ran(laptop, execution)["status"] == "SUCCEEDED"
    assert laptop.query("SELECT * FROM yearly WHERE table_id = 'M810361'") == []


def test_a_run_that_succeeded_cannot_be_redriven(laptop):
    result = laptop.run("M810371", force=True)

    with pytest.raises(LookupError, match="SUCCEEDED and cannot be redriven"):
        laptop.aws.redrive(result.run_id)
