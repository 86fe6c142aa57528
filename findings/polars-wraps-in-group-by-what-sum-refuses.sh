#!/usr/bin/env bash
# polars 2.1.0: the same sum of Decimal(38, 18) is an error as an expression, but wraps around in group_by and over.
# Expected: the same everywhere; the error is "overflow in decimal addition in sum".
# Output seen:
#   select: ComputeError
#   streaming group_by: ComputeError
#   group_by: -140282366920938463463.37460743176821146
#   over: -140282366920938463463.37460743176821146
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check "polars==2.1.0"
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
from decimal import Decimal

import polars as pl

largest = Decimal("99999999999999999999.999999999999999999")
value = pl.Series([largest, largest], dtype=pl.Decimal(38, 18))
frame = pl.DataFrame({"key": [1, 1], "value": value})
total = pl.col("value").sum()
queries = {
    "select": lambda: frame.select(total),
    "streaming group_by": lambda: frame.lazy().group_by("key").agg(total).collect(engine="streaming"),
    "group_by": lambda: frame.group_by("key").agg(total),
    "over": lambda: frame.select(total.over("key")),
}
seen = {}
for name, query in queries.items():
    try:
        seen[name] = query()["value"][0]
    except pl.exceptions.ComputeError as error:
        seen[name] = type(error).__name__
    print(f"{name}: {seen[name]}")
assert seen["select"] == seen["streaming group_by"] == "ComputeError", "polars' behaviour has changed"
assert seen["group_by"] < 0 and seen["over"] < 0, "polars' behaviour has changed"
PY
