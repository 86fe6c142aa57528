#!/usr/bin/env bash
# moto 5.2.5, boto3 1.43.108: what its parser of intrinsic functions does not understand is dropped without an error.
# Expected: \' is an apostrophe in a string, and null is a value of States.Array:
# https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html#amazon-states-language-intrinsic-functions-escapes
# https://states-language.net/spec.html#appendix-b, the example States.Array('Foo', 2020, $.someJson, null)
# Behaviour seen: the execution succeeds; the text ends before the apostrophe, and null is missing.
# Output seen:
#   {'text': 'it\\\\', 'array': []}
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
    parameters = {"text.$": r"States.Format('it\'s {}', $.value)", "array.$": "States.Array(null)"}
    seen = run({"Only": {"Type": "Pass", "Parameters": parameters, "End": True}}, {"value": 1})
    print(seen)
    assert seen == {"text": "it\\\\", "array": []}, "moto's behaviour has changed"
PY
