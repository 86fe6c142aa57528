#!/usr/bin/env bash
# statelint 3.1.0 (PyPI): a Retry with the BackoffRate 2 is called invalid, with 2.0 it is valid.
# Expected: both are valid: "a number", at least 1.0: https://states-language.net/spec.html#retrying-after-error
# Output seen:
#   2: State Machine.States.Call.Retry[0].BackoffRate is 2 but should be a Float
#   2.0: valid
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check "statelint==3.1.0"
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import json
import subprocess

seen = []
for rate in (2, 2.0):
    retry = [{"ErrorEquals": ["States.ALL"], "BackoffRate": rate}]
    call = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "Retry": retry, "End": True}
    with open("machine.json", "w") as file:
        json.dump({"StartAt": "Call", "States": {"Call": call}}, file)
    linted = subprocess.run(["venv/bin/statelint", "machine.json"], capture_output=True, text=True)
    seen.append(linted.returncode)
    print(f"{rate}:", linted.stdout.strip().splitlines()[-1].strip() if linted.stdout.strip() else "valid")
assert seen == [1, 0], "statelint's behaviour has changed"
PY
