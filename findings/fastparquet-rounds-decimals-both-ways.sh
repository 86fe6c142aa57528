#!/usr/bin/env bash
# fastparquet 2026.9.0, pandas 3.1.1, pyarrow 26.0.1: pandas.read_parquet(engine="fastparquet") returns DECIMAL(38, 18) as
# float64, and to_parquet(engine="fastparquet") stores Python Decimals as DOUBLE. With engine="pyarrow" both are exact.
# Expected: the same values with either engine; the Parquet file says DECIMAL(38, 18).
# Output seen:
#   read by pyarrow: 12345678901234567890.123456789012345678
#   read by fastparquet: 1.234567890123457e+19
#   written by fastparquet as: DOUBLE
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check "fastparquet==2026.9.0" "pandas==3.1.1" "pyarrow==26.0.1"
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import warnings
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

warnings.simplefilter("ignore")
exact = Decimal("12345678901234567890.123456789012345678")
pq.write_table(pa.table({"value": pa.array([exact], pa.decimal128(38, 18))}), "exact.parquet")
by_pyarrow = pd.read_parquet("exact.parquet", engine="pyarrow")["value"][0]
by_fastparquet = pd.read_parquet("exact.parquet", engine="fastparquet")["value"][0]
pd.DataFrame({"value": [exact]}).to_parquet("written.parquet", engine="fastparquet")
written = pq.ParquetFile("written.parquet").schema.column(0).physical_type
print("read by pyarrow:", by_pyarrow)
print("read by fastparquet:", by_fastparquet)
print("written by fastparquet as:", written)
assert by_pyarrow == exact and by_fastparquet != exact and written == "DOUBLE", "the behaviour has changed"
PY
