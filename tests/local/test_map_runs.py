"""A distributed Map on the laptop: batches, child executions, tolerated failures and redrive, as on AWS."""

import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.cloud.aws import LocalAWS

BUCKET = "singstat-bucket"
ANYONE = "arn:aws:iam::123456789012:role/anyone"
MACHINE_ROLE = "arn:aws:iam::123456789012:role/singstat-machinerole"  # may not start executions
ASK = {
    "Type": "Choice",
    "Choices": [{"Variable": "$.Items[0]", "NumericLessThan": 0, "Next": "Look"}],
    "Default": "Done",
}
LOOK = {  # fails until the object is there
    "Type": "Task",
    "Resource": "arn:aws:states:::aws-sdk:s3:headObject",
    "Parameters": {"Bucket": BUCKET, "Key.$": "$.BatchInput.cure"},
    "ResultPath": None,
    "Next": "Done",
}


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAWS]:
    with LocalAWS(tmp_path_factory.mktemp("lake"), Path(__file__).parent / "platform/template.yaml") as running:
        yield running


def machine(aws: LocalAWS, role: str = ANYONE, states: dict[str, Any] | None = None, **fields: Any) -> str:
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Ask",
        "States": states or {"Ask": ASK, "Look": LOOK, "Done": {"Type": "Pass", "End": True}},
    }
    state = {
        "Type": "Map",
        "Label": "Batches",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSON"},
            "Parameters": {"Bucket": BUCKET, "Key.$": "$.key"},
        },
        "ItemBatcher": {"MaxItemsPerBatchPath": "$.size", "BatchInput": {"cure.$": "$.cure"}},
        "MaxConcurrency": 2,
        "ItemProcessor": processor,
        "End": True,
    }
    definition = json.dumps({"StartAt": "Map", "States": {"Map": state | fields}})
    client, name = aws.client("stepfunctions"), uuid.uuid4().hex
    return str(client.create_state_machine(name=name, definition=definition, roleArn=role)["stateMachineArn"])


def start(aws: LocalAWS, arn: str, items: Any, size: int = 2) -> str:
    key = f"items/{uuid.uuid4().hex}.json"
    aws.put(f"s3://{BUCKET}/{key}", json.dumps(items).encode())
    given = json.dumps({"key": key, "size": size, "cure": f"{key}.cure"})
    return str(aws.client("stepfunctions").start_execution(stateMachineArn=arn, input=given)["executionArn"])


def end(aws: LocalAWS, arn: str) -> dict[str, Any]:
    while (found := aws.describe(arn))["status"] == "RUNNING":
        time.sleep(0.01)
    return found


def children(aws: LocalAWS, arn: str) -> list[dict[str, Any]]:
    client = aws.client("stepfunctions")
    (map_run,) = client.list_map_runs(executionArn=arn)["mapRuns"]
    listed = client.list_executions(mapRunArn=map_run["mapRunArn"])["executions"]
    return [client.describe_execution(executionArn=child["executionArn"]) for child in reversed(listed)]


def cure(aws: LocalAWS, arn: str) -> None:
    given = json.loads(aws.client("stepfunctions").describe_execution(executionArn=arn)["input"])
    aws.put(f"s3://{BUCKET}/{given['cure']}", b"")


def kinds(aws: LocalAWS, arn: str) -> list[str]:
    return [event["type"] for event in aws.history(arn)]


def test_items_of_an_object_are_passed_on_in_batches(aws: LocalAWS) -> None:
    arn = start(aws, machine(aws), [1, 2, 3, 4, 5])
    ended = end(aws, arn)
    found = children(aws, arn)

    assert [json.loads(child["input"])["Items"] for child in found] == [[1, 2], [3, 4], [5]]
    assert all("cure" in json.loads(child["input"])["BatchInput"] for child in found)
    assert json.loads(ended["output"]) == [json.loads(child["output"]) for child in found]
    name, _, _ = found[0]["executionArn"].rpartition(":")
    assert name.endswith("/Batches")
    assert kinds(aws, arn)[1:] == [
        *("MapStateEntered", "MapStateStarted", "MapRunStarted", "MapRunSucceeded"),
        *("MapStateSucceeded", "MapStateExited", "ExecutionSucceeded"),
    ]
    history = aws.client("stepfunctions").get_execution_history(executionArn=found[0]["executionArn"])["events"]
    entered = [event["stateEnteredEventDetails"]["name"] for event in history if "stateEnteredEventDetails" in event]
    assert entered == ["Ask", "Done"]


def test_no_items_start_no_child(aws: LocalAWS) -> None:
    arn = start(aws, machine(aws), [])
    assert (end(aws, arn)["output"], children(aws, arn)) == ("[]", [])


@pytest.mark.parametrize(
    ("tolerated", "status"),
    [
        ({}, "FAILED"),
        ({"ToleratedFailureCount": 1}, "FAILED"),
        ({"ToleratedFailureCount": 2}, "SUCCEEDED"),
        ({"ToleratedFailurePercentage": 19}, "FAILED"),
        ({"ToleratedFailurePercentage": 20}, "SUCCEEDED"),
        ({"ToleratedFailureCount": 2, "ToleratedFailurePercentage": 10}, "FAILED"),
    ],
)
def test_failures_of_items_are_tolerated_up_to_a_threshold(
    aws: LocalAWS, tolerated: dict[str, int], status: str
) -> None:
    """Two of ten items are in the batch that fails."""
    found = end(aws, start(aws, machine(aws, **tolerated), [1, 2, -3, 4, 5, 6, 7, 8, 9, 10]))
    error = "States.ExceedToleratedFailureThreshold" if status == "FAILED" else None
    assert (found["status"], found["error"]) == (status, error)


def test_what_is_no_array_cannot_be_read(aws: LocalAWS) -> None:
    arn = machine(aws)
    assert end(aws, start(aws, arn, {"not": "an array"}))["error"] == "States.ItemReaderFailed"


def test_the_role_must_be_allowed_to_start_children(aws: LocalAWS) -> None:
    aws.put(f"s3://{BUCKET}/failed/run=x/items.json", b"[1]")
    client = aws.client("stepfunctions")
    given = json.dumps({"key": "failed/run=x/items.json", "size": 1, "cure": ""})
    reader = {"ItemReader": machine_reader()}
    arn = client.start_execution(stateMachineArn=machine(aws, MACHINE_ROLE, **reader), input=given)["executionArn"]
    found = end(aws, arn)
    assert found["status"] == "FAILED"
    assert "not authorized to perform" in found["cause"]


def machine_reader() -> dict[str, Any]:
    return {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "JSON"},
        "Parameters": {"Bucket": BUCKET, "Key.$": "$.key"},
    }


def test_a_redrive_repeats_only_the_children_that_failed(aws: LocalAWS) -> None:
    arn = start(aws, machine(aws, MaxConcurrency=1), [1, 2, -3, 4, 5])
    assert end(aws, arn)["error"] == "States.ExceedToleratedFailureThreshold"
    before = children(aws, arn)
    assert [child["status"] for child in before] == ["SUCCEEDED", "FAILED"]

    cure(aws, arn)
    aws.client("stepfunctions").redrive_execution(executionArn=arn)
    assert end(aws, arn)["status"] == "SUCCEEDED"
    after = children(aws, arn)

    assert [child["executionArn"] for child in after[:2]] == [child["executionArn"] for child in before]
    assert [(child["status"], child["redriveCount"]) for child in after] == [
        *(("SUCCEEDED", 0), ("SUCCEEDED", 1), ("SUCCEEDED", 0)),
    ]
    assert kinds(aws, after[1]["executionArn"]).count("ExecutionStarted") == 1
    assert "MapRunRedriven" in kinds(aws, arn)
    assert len(json.loads(aws.describe(arn)["output"])) == 3


def test_stopping_an_execution_stops_its_children(aws: LocalAWS) -> None:
    wait = {"Ask": {"Type": "Wait", "Seconds": 300, "End": True}}
    arn = start(aws, machine(aws, states=wait), [1, 2, 3, 4, 5, 6])
    while len(aws.children(arn)) < 2:
        time.sleep(0.01)
    aws.client("stepfunctions").stop_execution(executionArn=arn)
    assert end(aws, arn)["status"] == "ABORTED"
    assert [child["status"] for child in children(aws, arn)] == ["ABORTED", "ABORTED"]  # of three, two at a time


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {}}}, "results of a Map Run"),
        ({"ItemBatcher": {"MaxInputBytesPerBatch": 1000}}, "batches of a number"),
        ({"ToleratedFailureCountPath": "$.n"}, "a path to tolerated failures"),
        ({"ItemReader": machine_reader() | {"ReaderConfig": {"InputType": "JSONL"}}}, "not a JSON array"),
        ({"Retry": [{"ErrorEquals": ["States.ALL"]}]}, "Retry of a distributed Map"),
    ],
)
def test_what_the_laptop_lacks_is_refused_by_name(aws: LocalAWS, fields: dict[str, Any], why: str) -> None:
    with pytest.raises(ClientError, match=f"not on the laptop: .*{why}"):
        machine(aws, **fields)
