#!/usr/bin/env bash
# What readers make of decimal(38,18): prints the table of docs/data.md, and fails if the page says something else.
# It installs the readers, at these versions, in a temporary folder.
set -euo pipefail
page=$(cd "$(dirname "$0")/.." && pwd)/docs/data.md
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check "duckdb==2.0.0" "fastparquet==2026.9.0" \
  "openpyxl==3.1.5" "pandas==3.1.1" "polars==2.1.0" "pyarrow==26.0.1"
cd "$folder"
"$folder/venv/bin/python" - "$page" <<'PY'
import sys
import warnings
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

warnings.simplefilter("ignore")
EXACT = Decimal("12345678901234567890.123456789012345678")
LARGEST = Decimal("99999999999999999999.999999999999999999")
SUM = Decimal("199999999999999999999.999999999999999998")  # 39 digits
for name, values in (("value", [EXACT]), ("sum", [LARGEST, LARGEST])):
    table = pa.table({"value": pa.array(values, pa.decimal128(38, 18))})
    pq.write_table(table, f"{name}.parquet")
    Path(f"{name}.csv").write_text("value\n" + "".join(f"{value}\n" for value in values))


def kind(read, expected, argument):
    """What a reader makes of a number."""
    try:
        found = read(argument)
    except Exception:  # noqa: BLE001 - any error is an answer
        return "error"
    if isinstance(found, float):
        return "float"
    if Decimal(found) == expected:
        return "exact"
    return "wraps" if found < 0 else "rounded"



READERS = {
    "Parquet: pyarrow": (lambda p: pq.read_table(p)["value"], lambda c: c[0].as_py(), lambda c: pc.sum(c).as_py()),
    "Parquet: pandas, engine pyarrow (the default)": (lambda p: pd.read_parquet(p)["value"], lambda c: c[0], lambda c: c.sum()),
    "Parquet: pandas, dtype_backend pyarrow": (
        lambda p: pd.read_parquet(p, dtype_backend="pyarrow")["value"], lambda c: c[0], lambda c: c.sum(),
    ),
    "Parquet: pandas, engine fastparquet": (
        lambda p: pd.read_parquet(p, engine="fastparquet")["value"], lambda c: float(c[0]), lambda c: float(c.sum()),
    ),
    "Parquet: polars": (lambda p: pl.read_parquet(p)["value"], lambda c: c[0], lambda c: c.sum()),
    "Parquet: polars, sum in group_by": (
        lambda p: pl.read_parquet(p), lambda f: f["value"][0],
        lambda f: f.with_columns(key=pl.lit(1)).group_by("key").agg(pl.col("value").sum())["value"][0],
    ),
    "Parquet: DuckDB": (
        lambda p: duckdb.sql(f"FROM '{p}'"), lambda r: r.fetchall()[0][0], lambda r: r.aggregate("sum(value)").fetchall()[0][0],
    ),
    "Parquet: DuckDB, avg": (
        lambda p: duckdb.sql(f"FROM '{p}'"), lambda r: r.aggregate("avg(value)").fetchall()[0][0], None,
    ),
    "Parquet: DuckDB, df()": (
        lambda p: duckdb.sql(f"FROM '{p}'").df()["value"], lambda c: float(c[0]), lambda c: float(c.sum()),
    ),
    "CSV: pandas": (lambda p: pd.read_csv(p)["value"], lambda c: float(c[0]), lambda c: float(c.sum())),
    "CSV: pandas, dtype str": (lambda p: pd.read_csv(p, dtype=str)["value"], lambda c: c[0], None),
    "CSV: polars": (lambda p: pl.read_csv(p)["value"], lambda c: c[0], lambda c: c.sum()),
    "CSV: polars, schema_overrides Decimal(38, 18)": (
        lambda p: pl.read_csv(p, schema_overrides={"value": pl.Decimal(38, 18)})["value"], lambda c: c[0], lambda c: c.sum(),
    ),
    "CSV: pyarrow": (lambda p: pyarrow.csv.read_csv(p)["value"], lambda c: c[0].as_py(), lambda c: pc.sum(c).as_py()),
    "CSV: DuckDB": (
        lambda p: duckdb.sql(f"FROM '{p}'"), lambda r: r.fetchall()[0][0], lambda r: r.aggregate("sum(value)").fetchall()[0][0],
    ),
}


def write_and_read_excel(_):
    import openpyxl

    pd.DataFrame({"value": [EXACT]}).to_excel("value.xlsx", index=False)
    return openpyxl.load_workbook("value.xlsx").active["A2"].value


lines = []
for name, (read, value, add) in READERS.items():
    suffix = name.partition(":")[0].lower()
    one = kind(lambda path: value(read(path)), EXACT, f"value.{suffix}")
    both = kind(lambda path: add(read(path)), SUM, f"sum.{suffix}") if add else "-"
    lines.append(f"| {name} | {one} | {both} |")
lines.append(f"| Excel file: pandas to_excel | {kind(write_and_read_excel, EXACT, '')} | - |")
print("\n".join(lines))
missing = [line for line in lines if line not in Path(sys.argv[1]).read_text(encoding="utf-8")]
sys.exit("docs/data.md lacks:\n" + "\n".join(missing) if missing else 0)
PY
