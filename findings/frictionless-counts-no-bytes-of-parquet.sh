#!/usr/bin/env bash
# frictionless 5.21.0, pyarrow 26.0.1, pandas 3.1.1: a valid Parquet resource with the right `bytes` and `hash` is invalid.
# Expected: valid, as the same table is in CSV: bytes is "The file size in bytes" of a resource of any format.
# https://datapackage.org/standard/data-resource/#bytes
# Output seen:
#   csv: valid
#   parquet without bytes and hash: valid
#   parquet: byte-count expected is "SIZE" and actual is "None"
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  "frictionless==5.21.0" "pandas==3.1.1" "pyarrow==26.0.1"
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import hashlib
from pathlib import Path

import pandas
from frictionless import Package

table = pandas.DataFrame({"n": [1, 2]})
table.to_csv("t.csv", index=False)
table.to_parquet("t.parquet")


def described(format: str, **more: object) -> str:
    resource = {"name": "t", "type": "table", "path": f"t.{format}", "format": format, **more}
    resource["schema"] = {"fields": [{"name": "n", "type": "integer"}]}
    report = Package.from_descriptor({"name": "p", "resources": [resource]}).validate()
    found = ", ".join(f"{kind} {message.partition(': ')[2]}" for kind, message in report.flatten(["type", "message"]))
    return "valid" if report.valid else found


def proof(path: str) -> dict:
    body = Path(path).read_bytes()
    return {"bytes": len(body), "hash": f"sha256:{hashlib.sha256(body).hexdigest()}"}


known = proof("t.parquet")
verdict = described("parquet", **known)
print("csv:", described("csv", **proof("t.csv")))
print("parquet without bytes and hash:", described("parquet"))
print("parquet:", verdict.replace(str(known["bytes"]), "SIZE").replace(known["hash"].partition(":")[2], "HASH"))
assert described("csv", **proof("t.csv")) == described("parquet") == "valid", "frictionless's behaviour has changed"
assert "byte-count" in verdict, "frictionless's behaviour has changed"
PY
