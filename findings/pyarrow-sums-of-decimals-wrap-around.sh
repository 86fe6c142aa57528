#!/usr/bin/env bash
# pyarrow 26.0.1: sum and mean of decimal128(38, 18) wrap around without an error, also in group_by and in pandas' ArrowDtype.
# Expected: an error, as for the addition of two such columns; decimal128 holds 38 digits, the sum has 39, and the page says only
# "Compute the sum of a numeric array": https://arrow.apache.org/docs/python/generated/pyarrow.compute.sum.html
# Behaviour seen: two numbers just below 10^20 have a negative sum and a negative mean.
# Output seen:
#   sum: -140282366920938463463.374607431768211458
#   mean: -70141183460469231731.687303715884105729
#   group_by: -140282366920938463463.374607431768211458
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check "pyarrow==26.0.1"
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

largest = Decimal("99999999999999999999.999999999999999999")
column = pa.array([largest, largest], pa.decimal128(38, 18))
grouped = pa.table({"key": [1, 1], "value": column}).group_by("key").aggregate([("value", "sum")])
seen = [pc.sum(column).as_py(), pc.mean(column).as_py(), grouped["value_sum"][0].as_py()]
for name, value in zip(("sum", "mean", "group_by"), seen):
    print(f"{name}: {value}")
assert all(value < 0 for value in seen), "pyarrow's behaviour has changed"
PY
