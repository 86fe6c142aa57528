"""State machines on the laptop behave as on AWS."""

import gc
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventHistoryContext
from moto.stepfunctions.responses import get_backend

from local.cloud.account import ACCOUNT, REGION
from local.cloud.aws import LocalAWS

BUCKET = "singstat-bucket"
ROLE = "arn:aws:iam::123456789012:role/singstat-machinerole"
TOKEN = "arn:aws:states:::lambda:invoke.waitForTaskToken"  # noqa: S105 - not a secret
PASS = {"Type": "Pass", "End": True}


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAWS]:
    template = Path(__file__).parent / "platform/template.yaml"
    with LocalAWS(tmp_path_factory.mktemp("lake"), template) as running:
        yield running


def start(aws: LocalAWS, states: dict[str, Any], event: dict[str, Any] | None = None, **fields: Any) -> str:
    """Start an unnamed execution of a state machine with these states."""
    definition = json.dumps({"StartAt": next(iter(states)), "States": states, **fields})
    client, name = aws.client("stepfunctions"), hashlib.sha256(definition.encode()).hexdigest()
    machine = client.create_state_machine(name=name, definition=definition, roleArn=ROLE)["stateMachineArn"]
    return str(client.start_execution(stateMachineArn=machine, input=json.dumps(event or {}))["executionArn"])


def wait(aws: LocalAWS, arn: str) -> dict[str, Any]:
    while (found := aws.describe(arn))["status"] == "RUNNING":
        time.sleep(0.01)
    return found


def run(aws: LocalAWS, states: dict[str, Any], event: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    found = wait(aws, start(aws, states, event, **fields))
    return found | {"output": json.loads(found["output"] or "null")}


def task(aws: LocalAWS, **fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": aws.attribute("WorkFunction", "Arn"), "End": True, **fields}


def waiting(aws: LocalAWS, **fields: Any) -> dict[str, Any]:
    payload = {"do": "echo", "token.$": "$$.Task.Token"}
    parameters = {"FunctionName": aws.attribute("WorkFunction", "Arn"), "Payload": payload}
    return {"Type": "Task", "Resource": TOKEN, "Parameters": parameters, "End": True, **fields}


def tokens(aws: LocalAWS, arn: str, count: int = 1) -> list[str]:
    """The task tokens passed to the execution's function, once there are `count`."""
    while True:
        found = [
            json.loads(event["taskSubmittedEventDetails"]["output"])["Payload"]["event"]["token"]
            for event in aws.history(arn)
            if event["type"] == "TaskSubmitted"
        ]
        if len(found) >= count:
            return found
        time.sleep(0.01)


def refusal(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    return str(refused.value.response["Error"]["Code"])


def test_a_map_retries_catches_and_writes_to_s3(aws: LocalAWS, tmp_path: Path) -> None:
    flaky = {"do": "flaky", "file": str(tmp_path / "seen"), "id": 1}
    items = [{"do": "wrong", "id": 0}, flaky, *({"do": "echo", "id": number} for number in range(2, 20))]
    arn = aws.start({"items": items}, "first")
    assert arn.endswith(":execution:singstat-machine:first")
    found = wait(aws, arn)
    assert (found["status"], found["error"], found["cause"]) == ("SUCCEEDED", None, None)
    output = json.loads(found["output"])
    assert output["done"][1] == {"id": 1}
    assert [one["event"]["id"] for one in output["done"][2:]] == list(range(2, 20))
    stored = json.loads((aws.lake / BUCKET / "failed/run=first/0.json").read_bytes())
    assert (stored["id"], stored["error"]["Error"]) == (0, "ValueError")
    assert json.loads(stored["error"]["Cause"])["errorMessage"] == "no 0"
    assert output["invoked"]["answer"]["AWS_LAMBDA_FUNCTION_NAME"] == "singstat-WorkFunction-laptop"
    events = aws.history(arn)
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["timestamp"] <= events[-1]["timestamp"]


def test_tasks_run_as_the_machines_role(aws: LocalAWS) -> None:
    states = {"Who": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sts:getCallerIdentity", "End": True}}
    assert "/singstat-machinerole/" in run(aws, states)["output"]["Arn"]


def test_the_start_time_in_the_context_is_text(aws: LocalAWS) -> None:
    states = {"Context": {"Type": "Pass", "Parameters": {"at.$": "$$.Execution.StartTime"}, "End": True}}
    assert run(aws, states)["output"]["at"].endswith("Z")


@pytest.mark.parametrize(("body", "stored"), [({"a": [1, None]}, b'{"a":[1,null]}'), ("text", b'"text"')])
def test_a_body_is_stored_as_json(aws: LocalAWS, body: Any, stored: bytes) -> None:
    put = {"Bucket": BUCKET, "Key": "body", "Body.$": "$.body"}
    states = {
        "Put": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:putObject", "Parameters": put, "End": True}
    }
    assert "ETag" in run(aws, states, {"body": body})["output"]
    assert (aws.lake / BUCKET / "body").read_bytes() == stored


def test_sdk_errors_and_times(aws: LocalAWS) -> None:
    get = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:glue:getDatabase", "Parameters": {"Name.$": "$.name"}}
    found = run(aws, {"Get": get | {"End": True}}, {"name": "absent"})
    assert found["error"] == "Glue.EntityNotFoundException"
    assert run(aws, {"Get": get | {"End": True}}, {"name": "shop"})["output"]["Database"]["CreateTime"].endswith("Z")


def test_the_error_of_a_function_is_its_exception(aws: LocalAWS) -> None:
    direct = run(aws, {"Work": task(aws)}, {"do": "wrong", "id": 1})
    parameters = {"FunctionName": "singstat-WorkFunction-laptop", "Payload.$": "$"}
    invoked = task(aws, Resource="arn:aws:states:::lambda:invoke", Parameters=parameters)
    for found in (direct, run(aws, {"Work": invoked}, {"do": "wrong", "id": 1})):
        assert (found["status"], found["error"]) == ("FAILED", "ValueError")
        assert json.loads(found["cause"])["errorType"] == "ValueError"


def test_a_choice_on_a_missing_path_fails(aws: LocalAWS) -> None:
    rule = {"Variable": "$.missing", "StringEquals": "x", "Next": "End"}
    states = {"Ask": {"Type": "Choice", "Choices": [rule], "Default": "End"}, "End": PASS}
    found = run(aws, states)
    assert (found["status"], found["error"]) == ("FAILED", "States.Runtime")
    assert "Invalid path '$.missing'" in found["cause"]
    present = {"Variable": "$.missing", "IsPresent": True}
    asked = {"And": [present, {"Variable": "$.missing", "StringEquals": "x"}], "Next": "End"}
    assert run(aws, {"Ask": {**states["Ask"], "Choices": [asked]}, "End": PASS})["status"] == "SUCCEEDED"


def test_no_choice_rule_matches(aws: LocalAWS) -> None:
    rule = {"Variable": "$.a", "NumericEquals": 1, "Next": "End"}
    found = run(aws, {"Ask": {"Type": "Choice", "Choices": [rule]}, "End": PASS}, {"a": 2})
    assert found["error"] == "States.NoChoiceMatched"


def test_runtime_errors_are_not_caught_by_states_all(aws: LocalAWS) -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]
    states = {"Work": task(aws, Parameters={"do.$": "$.missing"}, Catch=catch), "Caught": PASS}
    assert run(aws, states)["error"] == "States.Runtime"
    assert run(aws, {"Work": task(aws, Catch=catch), "Caught": PASS}, {"do": "wrong"})["status"] == "SUCCEEDED"


@pytest.mark.parametrize("kind", ["Map", "Parallel"])
def test_the_quota_of_a_result_holds_before_its_result_path(aws: LocalAWS, kind: str) -> None:
    inner = {"StartAt": "Large", "States": {"Large": PASS | {"Result": "x" * 100_000}}}
    few = {"Type": "Parallel", "Branches": [inner] * 2, "ResultPath": None, "End": True}
    many: dict[str, Any] = few | {"Branches": [inner] * 3}
    items: dict[str, Any] = {"items": [1, 2]}
    if kind == "Map":
        few = many = {"Type": "Map", "ItemProcessor": inner, "ItemsPath": "$.items", "ResultPath": None, "End": True}
    assert run(aws, {"Collect": few}, items)["output"] == items
    items["items"].append(3)
    found = run(aws, {"Collect": many}, items)
    assert (found["status"], found["error"]) == ("FAILED", "States.DataLimitExceeded")


def test_the_quota_of_an_input(aws: LocalAWS) -> None:
    machine, client = aws.resource("Machine"), aws.client("stepfunctions")
    large = json.dumps({"items": [], "text": "é" * 131_072}, ensure_ascii=False)
    assert refusal(client.start_execution, stateMachineArn=machine, input=large) == "ValidationException"


def test_execution_names(aws: LocalAWS) -> None:
    client, machine = aws.client("stepfunctions"), aws.resource("Machine")
    for name in ("a b", "a/b", "a:b", "a*", "a\u0007", "x" * 81):
        assert refusal(client.start_execution, stateMachineArn=machine, name=name) in (
            "InvalidName",
            "ValidationException",
        )
    states = {"Sleep": {"Type": "Wait", "SecondsPath": "$.seconds", "End": True}}
    first = start(aws, states, {"seconds": 300}, TimeoutSeconds=400)
    asked = {"stateMachineArn": client.describe_execution(executionArn=first)["stateMachineArn"]}
    asked["name"] = first.rpartition(":")[2]
    assert client.start_execution(**asked, input='{"seconds": 300}')["executionArn"] == first
    assert refusal(client.start_execution, **asked, input='{"seconds": 301}') == "ExecutionAlreadyExists"
    client.stop_execution(executionArn=first)
    wait(aws, first)
    assert refusal(client.start_execution, **asked, input='{"seconds": 300}') == "ExecutionAlreadyExists"


def test_an_invalid_definition_does_not_affect_the_next(aws: LocalAWS) -> None:
    client = aws.client("stepfunctions")
    mixed = {"StartAt": "A", "QueryLanguage": "JSONata", "States": {"A": PASS | {"QueryLanguage": "JSONPath"}}}
    with pytest.raises(ClientError):
        client.create_state_machine(name="mixed", definition=json.dumps(mixed), roleArn=ROLE)
    assert run(aws, {"A": PASS | {"InputPath": "$.a"}}, {"a": 1})["output"] == 1


def test_a_token_is_answered_once(aws: LocalAWS) -> None:
    client = aws.client("stepfunctions")
    arn = start(aws, {"Wait": waiting(aws, TimeoutSeconds=20)})
    (token,) = tokens(aws, arn)
    client.send_task_heartbeat(taskToken=token)
    client.send_task_success(taskToken=token, output='{"done": 1}')
    for call in (client.send_task_success, client.send_task_failure, client.send_task_heartbeat):
        more = {"output": "{}"} if call == client.send_task_success else {}
        assert refusal(call, taskToken=token, **more) == "TaskTimedOut"
    assert refusal(client.send_task_heartbeat, taskToken="unknown") == "InvalidToken"
    assert json.loads(wait(aws, arn)["output"]) == {"done": 1}
    assert refusal(client.send_task_success, taskToken=token, output="{}") == "TaskTimedOut"


def test_a_failure_has_its_cause(aws: LocalAWS) -> None:
    arn = start(aws, {"Wait": waiting(aws, TimeoutSeconds=20)})
    aws.client("stepfunctions").send_task_failure(taskToken=tokens(aws, arn)[0], error="Broken", cause="the pump")
    found = wait(aws, arn)
    assert (found["status"], found["error"], found["cause"]) == ("FAILED", "Broken", "the pump")


def test_each_attempt_has_its_token(aws: LocalAWS) -> None:
    client = aws.client("stepfunctions")
    retry = [{"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 1, "MaxAttempts": 1}]
    arn = start(aws, {"Wait": waiting(aws, HeartbeatSeconds=1, TimeoutSeconds=20, Retry=retry)})
    first, second = tokens(aws, arn, 2)
    assert first != second
    assert refusal(client.send_task_success, taskToken=first, output='"late"') == "TaskTimedOut"
    client.send_task_success(taskToken=second, output='"right"')
    assert json.loads(wait(aws, arn)["output"]) == "right"


def test_an_answer_before_the_wait_is_accepted(aws: LocalAWS) -> None:
    payload = {"do": "answer", "token.$": "$$.Task.Token"}
    parameters = {"FunctionName": "singstat-WorkFunction-laptop", "Payload": payload}
    state = waiting(aws, HeartbeatSeconds=200, TimeoutSeconds=300) | {"Parameters": parameters}
    assert run(aws, {"Wait": state})["output"] == "early"


def test_an_execution_can_be_stopped_immediately_after_its_start(aws: LocalAWS) -> None:
    arn = start(aws, {"Sleep": {"Type": "Wait", "Seconds": 300, "End": True}}, TimeoutSeconds=400)
    aws.client("stepfunctions").stop_execution(executionArn=arn)
    while aws.history(arn)[-1]["type"] != "ExecutionAborted":
        time.sleep(0.01)
    assert aws.describe(arn)["status"] == "ABORTED"


def test_stop_execution_is_immediate(aws: LocalAWS) -> None:
    client = aws.client("stepfunctions")
    arn = start(aws, {"Wait": waiting(aws, TimeoutSeconds=300, HeartbeatSeconds=200)})
    (token,) = tokens(aws, arn)
    client.stop_execution(executionArn=arn, error="Enough", cause="the user said so")
    found = client.describe_execution(executionArn=arn)
    assert (found["status"], found["error"], found["cause"]) == ("ABORTED", "Enough", "the user said so")
    assert "stopDate" in found
    assert refusal(client.send_task_success, taskToken=token, output="{}") == "TaskTimedOut"
    while aws.history(arn)[-1]["type"] != "ExecutionAborted":
        time.sleep(0.01)
    assert aws.describe(arn)["status"] == "ABORTED"


def test_a_machine_that_times_out_has_a_stop_date(aws: LocalAWS) -> None:
    arn = start(aws, {"Sleep": {"Type": "Wait", "Seconds": 300, "End": True}}, TimeoutSeconds=1)
    assert wait(aws, arn)["status"] == "TIMED_OUT"
    assert "stopDate" in aws.client("stepfunctions").describe_execution(executionArn=arn)


def test_a_task_that_times_out(aws: LocalAWS) -> None:
    found = run(aws, {"Work": task(aws, TimeoutSeconds=1)}, {"do": "hang"})
    assert found["error"] == "States.Timeout"


def test_concurrent_state_machines(aws: LocalAWS) -> None:
    results: list[Any] = []

    def one(number: int) -> None:
        results.append(run(aws, {f"State{number}": task(aws)}, {"do": "echo", "n": number})["output"]["event"]["n"])

    threads = [threading.Thread(target=one, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == list(range(6))


def test_the_history_of_a_task_aborted_before_its_timeout_was_evaluated_can_be_read(aws: LocalAWS) -> None:
    arn = start(aws, {"Only": PASS | {"Comment": "aborted"}})
    wait(aws, arn)
    environment = get_backend(ACCOUNT, REGION).describe_execution(arn).exec_worker.env
    scheduled = {"resource": "arn", "input": "{}", "timeoutInSeconds": {"the": "input of the state"}}
    environment.event_manager.add_event(
        context=EventHistoryContext.of_program_start(),
        event_type="LambdaFunctionScheduled",
        event_details={"lambdaFunctionScheduledEventDetails": scheduled},
    )

    *_, last = aws.client("stepfunctions").get_execution_history(executionArn=arn)["events"]

    assert last["lambdaFunctionScheduledEventDetails"] == {"resource": "arn", "input": "{}"}


def test_no_thread_of_an_ended_execution_is_kept(aws: LocalAWS) -> None:
    def ended() -> int:
        gc.collect()
        return sum(isinstance(each, threading.Thread) and not each.is_alive() for each in gc.get_objects())

    before = ended()
    run(aws, {"Both": {"Type": "Parallel", "Branches": [{"StartAt": "A", "States": {"A": PASS}}] * 20, "End": True}})

    assert ended() < before + 20
