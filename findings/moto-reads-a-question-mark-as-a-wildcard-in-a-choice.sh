#!/usr/bin/env bash
# moto 5.2.5, boto3 1.43.108: StringMatches also takes ? and [ab] as wildcards, and no backslash escapes a *.
# Expected: "No characters other than * have any special meaning", and \\* is a *: https://states-language.net/spec.html#choice-state
# Output seen:
#   a?c matches abc: True
#   [ab]c matches ac: True
#   a\*c matches a*c: False
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


def matches(pattern, text):
    rule = {"Variable": "$.text", "StringMatches": pattern, "Next": "Yes"}
    end = {"Type": "Pass", "End": True}
    states = {
        "Ask": {"Type": "Choice", "Choices": [rule], "Default": "No"},
        "Yes": end | {"Result": True},
        "No": end | {"Result": False},
    }
    with mock_aws():
        return run(states, {"text": text})


cases = [("a?c", "abc"), ("[ab]c", "ac"), (r"a\*c", "a*c")]
seen = [matches(pattern, text) for pattern, text in cases]
for (pattern, text), result in zip(cases, seen):
    print(f"{pattern} matches {text}: {result}")
assert seen == [True, True, False], "moto's behaviour has changed"
PY
