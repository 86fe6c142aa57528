#!/usr/bin/env bash
# airspeed 0.7.1: #foreach over a map visits its keys; entrySet(), of which AWS's templates make use, is empty without an error.
# Expected: Velocity visits the values of a map: https://velocity.apache.org/engine/1.7/user-guide.html#loops
# Output seen:
#   foreach: a b
#   entrySet: nothing
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check "airspeed==0.7.1"
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import airspeed

given = {"map": {"a": 1, "b": 2}}
loop = airspeed.Template("#foreach($value in $map)$value #end").merge(given).strip()
entries = airspeed.Template("#foreach($entry in $map.entrySet())$entry.key #end").merge(given).strip()
print("foreach:", loop)
print("entrySet:", entries or "nothing")
assert (loop, entries) == ("a b", ""), "airspeed's behaviour has changed"
PY
