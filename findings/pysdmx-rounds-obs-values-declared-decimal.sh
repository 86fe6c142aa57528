#!/usr/bin/env bash
# pysdmx 1.21.0, pandas 3.1.1, pyarrow 25.0.0: OBS_VALUE of SDMX-CSV 2.0 is read as a float: two different numbers become equal, whatever the type of the
# measure, which the reader does not ask for. A column with one empty cell keeps its texts.
# Expected: the text of the file, or a decimal, as for the other columns, which are all text in the result ("Convert all columns to strings").
# https://github.com/sdmx-twg/sdmx-csv/blob/v2.0.0/data-message/docs/sdmx-csv-field-guide.md
# Output seen:
#   file: 1.00 12345678901234567890.1 12345678901234567890.2
#   read: 1.0 1.2345678901234567e+19 1.2345678901234567e+19
#   read, with an empty cell: 1.00 12345678901234567890.1 12345678901234567890.2
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check "pysdmx[data]==1.21.0" "pandas==3.1.1" "pyarrow==25.0.0"
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
from pysdmx.io import get_datasets

VALUES = ["1.00", "12345678901234567890.1", "12345678901234567890.2"]


def read(*values: str) -> list[str]:
    header = "STRUCTURE,STRUCTURE_ID,ACTION,TIME_PERIOD,OBS_VALUE"
    rows = [f"dataflow,AGENCY:FLOW(1.0.0),I,{2000 + number},{value}" for number, value in enumerate(values)]
    (dataset,) = get_datasets("\n".join([header, *rows]) + "\n")
    return [*map(str, dataset.data["OBS_VALUE"])]


alone, with_empty = read(*VALUES), read(*VALUES, "")[:3]
print("file:", *VALUES)
print("read:", *alone)
print("read, with an empty cell:", *with_empty)
assert alone == ["1.0", "1.2345678901234567e+19", "1.2345678901234567e+19"], "pysdmx's behaviour has changed"
assert with_empty == VALUES, "pysdmx's behaviour has changed"
PY
