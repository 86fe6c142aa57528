#!/usr/bin/env bash
# sqlglot 30.30.0, duckdb 2.0.0: date_diff of Trino and Athena stays date_diff in DuckDB, which counts something else.
# Expected: DATE_SUB: Trino counts whole units (https://trino.io/docs/current/functions/datetime.html#interval-functions), DuckDB's
# date_diff boundaries between them, its date_sub whole units (https://duckdb.org/docs/stable/sql/functions/date).
# Behaviour seen: from 31 January to 1 February is a month, from 23:59 to 00:01 is a day.
# Output seen:
#   SELECT DATE_DIFF('MONTH', CAST('2024-01-31' AS DATE), CAST('2024-02-01' AS DATE)): 1
#   SELECT DATE_DIFF('DAY', CAST('2024-01-31 23:59:00' AS TIMESTAMP(0)), CAST('2024-02-01 00:01:00' AS TIMESTAMP(0))): 1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check "sqlglot==30.30.0" "duckdb==2.0.0"
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import duckdb
import sqlglot

QUERIES = [
    "SELECT date_diff('month', DATE '2024-01-31', DATE '2024-02-01')",
    "SELECT date_diff('day', TIMESTAMP '2024-01-31 23:59:00', TIMESTAMP '2024-02-01 00:01:00')",
]
seen = []
for query in QUERIES:
    (translated,) = sqlglot.transpile(query, read="trino", write="duckdb")
    seen.append(duckdb.sql(translated).fetchall()[0][0])
    print(f"{translated}: {seen[-1]}")
assert seen == [1, 1], "the behaviour has changed"
PY
