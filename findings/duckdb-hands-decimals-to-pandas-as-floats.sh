#!/usr/bin/env bash
# duckdb 2.0.0, pandas 3.1.1, pyarrow 26.0.1: df() turns DECIMAL(38, 18) into float64, fetchall() and arrow do not.
# Expected: what the other ways of the same result give, or a warning: two different numbers become equal. The page of conversions
# has decimal.Decimal for DECIMAL: https://duckdb.org/docs/stable/clients/python/conversion
# Output seen:
#   fetchall: 2 different values
#   arrow: 2 different values
#   df: 1 different values, float64
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check "duckdb==2.0.0" "pandas==3.1.1" "pyarrow==26.0.1"
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import duckdb

SQL = """
SELECT unnest([12345678901234567890.123456789012345678, 12345678901234567890.123456789012345679]::DECIMAL(38, 18)[]) AS value
"""
fetched = {value for (value,) in duckdb.sql(SQL).fetchall()}
arrow = set(duckdb.sql(SQL).to_arrow_table()["value"].to_pylist())
frame = duckdb.sql(SQL).df()["value"]
print("fetchall:", len(fetched), "different values")
print("arrow:", len(arrow), "different values")
print("df:", frame.nunique(), "different values,", frame.dtype)
assert len(fetched) == len(arrow) == 2 and frame.nunique() == 1, "DuckDB's behaviour has changed"
PY
