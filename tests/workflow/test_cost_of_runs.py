"""What real runs cost: the estimate against their history, their files and their requests, counted another way."""

import json
from collections import Counter
from decimal import Decimal

import msgspec
import pytest
from pipeline.costs.record import CostRecord

from local.cli.story import load
from local.cloud.iam.calls import read_call, signed
from tests.support.laptop import call, run

STATES = "StateEntered"


@pytest.fixture
def requests(laptop):
    """Requests to S3 that the roles of the template make meanwhile, by whether they only read."""
    counted = Counter()

    def count(environ):
        found = signed(environ)
        if found and found[1] == "s3" and laptop.aws.guard._name(found[0]):
            counted[read_call(environ, "s3").operation.startswith(("Get", "Head"))] += 1

    laptop.aws.front.routes.insert(0, count)
    yield counted
    laptop.aws.front.routes.remove(count)


def lines(cost):
    return {line.item: Decimal(line.quantity) for line in cost.lines}


def events(laptop, result):
    """Those of the run, then those of its batches."""
    client = laptop.aws.client("stepfunctions")
    machine = laptop.aws.resource("Pipeline")
    arn = f"{machine.replace(':stateMachine:', ':execution:')}:{result.run_id}"
    (map_run,) = client.list_map_runs(executionArn=arn)["mapRuns"]
    batches = client.list_executions(mapRunArn=map_run["mapRunArn"])["executions"]
    arns = [arn, *(batch["executionArn"] for batch in batches)]
    pages = client.get_paginator("get_execution_history")
    return [event for each in arns for page in pages.paginate(executionArn=each) for event in page["events"]]


def test_a_first_run_and_one_that_finds_nothing_new(laptop, requests):
    first = laptop.run("M213751", "M212161")
    asked, used = Counter(requests), lines(first.cost)
    history = events(laptop, first)
    called = [event for event in history if event["type"] == "LambdaFunctionScheduled"]
    run_files = [path for path in laptop.lake.glob(f"singstat-databucket/**/*{first.run_id}*/**/*") if path.is_file()]

    batches = sum(event["type"] == "ExecutionStarted" for event in history) - 1

    assert first.status == "SUCCEEDED"
    assert batches == 2
    assert used["Step Functions"] == sum(event["type"].endswith(STATES) for event in history) + batches
    assert used["Lambda, requests"] == len(called)
    assert used["DataBrew"] == 8
    assert used["Glue crawler"] == Decimal("0.333")
    assert used["Athena"] == 10
    assert used["SNS"] == 1
    assert len(run_files) <= asked[False]
    # DataBrew, the crawler and Athena read and write without requests on a laptop, the rules count for them
    assert asked[False] <= used["S3, writing"] <= 2 * asked[False]
    assert asked[True] <= used["S3, reading"] <= 3 * asked[True]
    assert Decimal("0.21") < first.cost.usd < Decimal("0.22")

    requests.clear()
    second = laptop.run("M213751", "M212161")

    assert {table.status for table in second.tables} == {"unchanged"}
    assert second.cost.usd < Decimal("0.001")
    assert requests[False] <= lines(second.cost)["S3, writing"] <= 2 * requests[False]


def test_a_record_is_kept_of_what_the_mail_can_say(laptop):
    result = laptop.run("M015661")
    (path,) = laptop.lake.glob(f"singstat-databucket/costs/*/{result.run_id}.json")
    record = msgspec.json.decode(path.read_bytes(), type=CostRecord)

    assert path.parent.name == record.day.isoformat() == events(laptop, result)[0]["timestamp"].date().isoformat()
    assert record.run_id == result.run_id
    kept, known = lines(record.cost), lines(result.cost)
    assert kept.pop("Lambda, time") == pytest.approx(known.pop("Lambda, time"), abs=Decimal(3))
    assert kept == known  # measured in Notify, the run is what it is at its end


def test_a_worker_costs_a_minute_of_an_instance(tmp_path):
    code, _ = run("M213751", "--large-table-cells", "1000", lake=tmp_path)
    used = lines(load(tmp_path, None).cost)

    assert code == 0
    assert used["EC2, t4g.small"] == used["EC2, public address"] == 60
    assert used["EBS, disk"] == 60 * 16


def test_every_command_says_the_same_figure(published):
    lake, result = published
    explained = call("explain", lake=lake).stdout

    assert Decimal(result["cost_usd"]) == load(lake, result["run_id"]).cost.usd
    assert f" {result['cost_usd']} " in explained
    assert "An estimate from what the run used and list prices of " in explained
    assert (
        json.loads((lake / ".executions" / f"{result['run_id']}.json").read_bytes())["cost"]["usd"]
        == result["cost_usd"]
    )
