"""1,001 synthetic tables from their downloads to their publication, beyond what one request or one visit takes.

AWS limits a list to 1,000 keys, a request to Glue to 100 partitions, a page of Athena to 1,000 rows; we limit a visit
of PublishTables to 1,000 tables.
"""

import json
import time
from pathlib import Path

import pytest
from pipeline.contracts import keys

from local.cloud.aws import LocalAWS
from local.replay.recordings import Row
from local.replay.server import Replay
from tests.support.laptop import Laptop, query
from tests.support.samples import time_series

MODEL, TABLES = "Z100000", [f"Z{number}" for number in range(200_001, 201_002)]
RUN = {"run_id": "many"}


@pytest.mark.parametrize("earlier", [970, pytest.param(0, marks=pytest.mark.slow)])
def test_a_thousand_and_one_tables_are_verified_and_published(lake: Path, earlier: int) -> None:
    """All of them in two visits, or the last ones after an earlier visit, of which there is only the record."""
    rows = [Row("1", "Synthetic", "", "No.", [{"key": "2025", "value": "1.5"}])]
    with Replay({MODEL: time_series(MODEL, "Synthetic", "Annual", rows)}) as replay:
        parameters = {"SourceUrl": replay.url, "PollSeconds": "1", "BackoffSeconds": "0"}
        with LocalAWS(lake, parameters=parameters) as aws:
            model = Laptop(aws, replay).run(MODEL)
            bucket = lake / aws.resource("DataBucket")
            copy_download(bucket, model.run_id)
            if earlier:
                put(bucket / keys.run("many", "published"), json.dumps({"published": TABLES[:earlier], "failed": []}))
        with LocalAWS(lake, parameters=parameters) as aws:
            visits = publish(aws)

    first = {"published": 1000, "failed": 0, "left": 1}
    assert visits == [*([first] if not earlier else []), {"published": 1001, "failed": 0, "left": 0}]
    now = TABLES[earlier:]
    found = query("SELECT table_id, value_text, count(*) AS cells FROM yearly GROUP BY 1, 2 ORDER BY 1", lake)
    assert found == [{"table_id": table, "value_text": "1.5", "cells": "1"} for table in (MODEL, *now)]
    assert query("SELECT count(DISTINCT table_id) AS tables FROM yearly_vintages", lake) == [
        {"tables": str(1 + len(now))}
    ]
    records = [json.loads(path.read_bytes()) for path in lake.glob("*/publications/Z20*.json")]
    assert [record["run_id"] for record in records] == ["many"] * len(now)


def copy_download(bucket: Path, run_id: str) -> None:
    """What the downloads and the transform of the run "many" would have left, each table a copy of the model."""
    outcome = (bucket / keys.outcome(run_id, MODEL)).read_text("utf-8")
    manifest = (bucket / keys.manifest("yearly", MODEL, run_id)).read_text("utf-8").replace(run_id, "many")
    (parquet,) = (bucket / keys.staged(run_id, "yearly", MODEL)).glob("*.parquet")
    for table in TABLES:
        put(bucket / keys.outcome("many", table), outcome.replace(MODEL, table))
        put(bucket / keys.manifest("yearly", table, "many"), manifest.replace(MODEL, table))
        copy = bucket / keys.staged("many", "yearly", table) / parquet.name
        copy.parent.mkdir(parents=True)
        copy.write_bytes(parquet.read_bytes())
    plan = json.loads((bucket / keys.run(run_id, "plan")).read_bytes())
    put(bucket / keys.run("many", "plan"), json.dumps(plan | {"run_id": "many", "tables": TABLES}))


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def publish(aws: LocalAWS) -> list[dict[str, int]]:
    """TallyDownloads to PublishTables, as the state machine calls them; what each visit of the latter answers."""

    def call(function: str, **event: object) -> dict:
        answer = json.loads(aws.functions.invoke(aws.resource(f"{function}Function"), event).payload)
        assert "errorType" not in answer, answer
        return answer

    counts = call("TallyDownloads", **RUN)
    assert call("StagePartitions", **RUN, crawl="auto") == {"needs_crawl": False}
    check = call("StartVerification", **RUN, poll_limit=360, scopes=counts["scopes"])
    while check["status"] == "RUNNING":
        time.sleep(0.2)
        check = call("CheckVerification", **check)
    visits = [call("PublishTables", **RUN, force=False)]
    while visits[-1]["left"]:
        visits.append(call("PublishTables", **RUN, force=False))
    return visits
