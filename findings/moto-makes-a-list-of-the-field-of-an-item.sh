#!/usr/bin/env bash
# moto 5.2.5, boto3 1.43.108: $.items[0].name is a list of one value in Step Functions; $.items[0] and $.item.name are values.
# Expected: the value; the path is definite: https://github.com/json-path/JsonPath#what-is-returned-when
# The States language takes such paths as Reference Paths, which name one node: https://states-language.net/spec.html#ref-paths
# Output seen:
#   {'item': {'name': 'a'}, 'name': ['a']}
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
    parameters = {"item.$": "$.items[0]", "name.$": "$.items[0].name"}
    seen = run({"Only": {"Type": "Pass", "Parameters": parameters, "End": True}}, {"items": [{"name": "a"}]})
    print(seen)
    assert seen == {"item": {"name": "a"}, "name": ["a"]}, "moto's behaviour has changed"
PY
