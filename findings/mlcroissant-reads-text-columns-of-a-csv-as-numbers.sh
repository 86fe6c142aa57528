#!/usr/bin/env bash
# mlcroissant 1.1.1, pandas 3.1.1: a column of a CSV that is declared sc:Text is read as a number first, so 1.0 and 1.00 become one text.
# Expected: the texts of the file. dataType is the type that the values are to have ("expected data type"), and text has one form:
# https://docs.mlcommons.org/croissant/docs/croissant-spec.html
# Output seen:
#   file: 1.0 1.00 12345678901234567890.5
#   read: 1.0 1.0 1.2345678901234567e+19
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check "mlcroissant==1.1.1" "pandas==3.1.1"
cd "$folder"
"$folder/venv/bin/python" - 2>warnings.txt <<'PY' || { cat warnings.txt; exit 1; }
import hashlib
import json
from pathlib import Path

import mlcroissant
from mlcroissant._src.core.rdf import make_context

TEXTS = ["1.0", "1.00", "12345678901234567890.5"]
Path("data.csv").write_text("\n".join(["code", *TEXTS]) + "\n")
description = {
    "@context": make_context(),
    "@type": "sc:Dataset",
    "conformsTo": "http://mlcommons.org/croissant/1.0",
    "name": "codes",
    "distribution": [
        {
            "@type": "cr:FileObject",
            "@id": "data.csv",
            "contentUrl": "data.csv",
            "encodingFormat": "text/csv",
            "sha256": hashlib.sha256(Path("data.csv").read_bytes()).hexdigest(),
        }
    ],
    "recordSet": [
        {
            "@type": "cr:RecordSet",
            "@id": "codes",
            "field": [
                {
                    "@type": "cr:Field",
                    "@id": "codes/code",
                    "dataType": "sc:Text",
                    "source": {"fileObject": {"@id": "data.csv"}, "extract": {"column": "code"}},
                }
            ],
        }
    ],
}
Path("croissant.json").write_text(json.dumps(description))
read = [record["codes/code"].decode() for record in mlcroissant.Dataset("croissant.json").records("codes")]
print("file:", *TEXTS)
print("read:", *read)
assert read == ["1.0", "1.0", "1.2345678901234567e+19"], "mlcroissant's behaviour has changed"
PY
