#!/usr/bin/env bash
# airspeed 0.7.1: / is Python's //, so a negative quotient is rounded down, and a quotient of decimals loses its digits.
# Expected: Velocity divides as Java: -7 / 2 is -3, and 7.0 / 2 is 3.5:
# https://velocity.apache.org/engine/1.7/user-guide.html#math
# Output seen:
#   -7 / 2: -4
#   -7 % 2: 1
#   7.0 / 2: 3.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check "airspeed==0.7.1"
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import airspeed

cases = ["-7 / 2", "-7 % 2", "7.0 / 2"]
seen = [airspeed.Template(f"#set($x = {case})$x").merge({}) for case in cases]
for case, result in zip(cases, seen):
    print(f"{case}: {result}")
assert seen == ["-4", "1", "3.0"], "airspeed's behaviour has changed"
PY
