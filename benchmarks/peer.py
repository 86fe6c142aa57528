"""What a data engineer writes today: `peer.py IN.ndjson OUTPREFIX`, one response body a line. Needs pandas."""

# ruff: noqa: PTH123, SIM115
import json
import sys

import pandas as pd

rows = [
    pd.json_normalize(
        json.loads(line)["Data"]["row"], record_path="columns", meta=["seriesNo", "rowText", "uoM", "footnote"]
    )
    for line in open(sys.argv[1], "rb")
]
df = pd.concat(rows, ignore_index=True).rename(
    columns={"seriesNo": "series_no", "rowText": "series", "uoM": "unit", "key": "period"}
)
df = df[["series_no", "series", "unit", "footnote", "period", "value"]]
df.to_parquet(sys.argv[2] + ".parquet")
df.to_json(sys.argv[2] + ".jsonl.gz", orient="records", lines=True, force_ascii=False)
