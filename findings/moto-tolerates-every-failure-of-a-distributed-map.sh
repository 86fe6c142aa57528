#!/usr/bin/env bash
# moto 5.2.5, boto3 1.43.108: a distributed Map succeeds although all its items fail; failed items are null in its output.
# Expected: States.ExceedToleratedFailureThreshold; the default of ToleratedFailureCount and ToleratedFailurePercentage is 0:
# https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
# Output seen:
#   [None, None]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check "moto[stepfunctions]==5.2.5" "boto3==1.43.108"
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import json
import time

import boto3
from moto import mock_aws
from moto.core.config import default_user_config

default_user_config["stepfunctions"] = {"execute_state_machine": True}
KEYS = {"region_name": "us-east-1", "aws_access_key_id": "x", "aws_secret_access_key": "x"}
ROLE = "arn:aws:iam::123456789012:role/any"


def run(states, given):
    """The output or the error of a state machine."""
    client = boto3.client("stepfunctions", **KEYS)
    definition = json.dumps({"StartAt": next(iter(states)), "States": states})
    machine = client.create_state_machine(name="m", definition=definition, roleArn=ROLE)["stateMachineArn"]
    execution = client.start_execution(stateMachineArn=machine, name="run", input=json.dumps(given))["executionArn"]
    while (found := client.describe_execution(executionArn=execution))["status"] == "RUNNING":
        time.sleep(0.05)
    return json.loads(found["output"]) if found["status"] == "SUCCEEDED" else found["status"]


with mock_aws():
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Fail",
        "States": {"Fail": {"Type": "Fail", "Error": "Bad", "Cause": "each item fails"}},
    }
    seen = run({"Each": {"Type": "Map", "ItemProcessor": processor, "End": True}}, [1, 2])
    print(seen)
    assert seen == [None, None], "moto's behaviour has changed"
PY
