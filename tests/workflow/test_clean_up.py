"""A lake as runs leave it, weeks later: what expires, what CleanUp removes, and what readers still see."""

import json
import os
import time
from datetime import timedelta

import pytest
from pipeline.contracts import keys

from local.cloud.aws import LocalAWS
from local.cloud.services import lifecycle
from local.cloud.sql import athena
from local.replay.server import Replay
from tests.support.laptop import Laptop, query
from tests.support.lost_answers import each_lost_once
from tests.support.projects import WITHOUT_REPORT, with_definition

FORTY_DAYS = timedelta(days=40).total_seconds()
EVERYTHING = """SELECT table_id, edition, series_no, period, value_text FROM yearly_vintages
                UNION ALL SELECT table_id, 'current', series_no, period, value_text FROM yearly ORDER BY 1, 2, 3, 4"""
REVISED, FORCED, REFUSED, ABANDONED, NEXT = "M810361", "M810371", "M810001", "M400751", "M213801"


def staged(lake):
    """(run, table) of every folder that holds staged rows."""
    found = {path.parent for path in lake.glob(f"*/{keys.STAGED}/run=*/*/*/*.parquet")}
    return {(path.parts[-3].removeprefix("run="), path.parts[-1].removeprefix("table_id=")) for path in found}


def age(lake, zone, seconds, run=""):
    for path in lake.glob(f"*/{zone}/**/*"):
        if path.is_file() and run in str(path):
            os.utime(path, (time.time() - seconds,) * 2)


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    """Two sessions: six runs of which one failed; forty days later another run, then a redrive of one that is young."""
    folder = tmp_path_factory.mktemp("leftovers")
    (folder / "project").mkdir()
    template, lake = with_definition(folder / "project", WITHOUT_REPORT), folder / "lake"
    with Replay() as replay:
        parameters = {"SourceUrl": replay.url, "PollSeconds": "1", "BackoffSeconds": "0"}
        with LocalAWS(lake, template, parameters) as aws:
            laptop = Laptop(aws, replay)
            runs = {"first": laptop.run(REVISED, FORCED, REFUSED).run_id}
            laptop.revise(REVISED, "24/11/2026", "7")
            runs["second"] = laptop.run(REVISED).run_id
            runs["forced"] = laptop.run(FORCED, force=True).run_id
            keep_first_series(replay.tables[REFUSED])
            runs["refused"] = laptop.run(REFUSED).run_id
            with each_lost_once(aws, "CheckVerification"):
                runs["abandoned"] = laptop.run(ABANDONED).run_id
            with each_lost_once(aws, "CheckVerification"):
                runs["young"] = laptop.run(ABANDONED).run_id
            bucket = aws.resource("DataBucket")
        before = staged(lake)
        for zone in (keys.STAGED, keys.FLATTENED, keys.PUBLICATIONS):
            age(lake, zone, FORTY_DAYS)
        for zone in (keys.STAGED, keys.FLATTENED):
            age(lake, zone, 0, runs["young"])
        seen = query(EVERYTHING, lake)
        with LocalAWS(lake, template, parameters) as aws:
            flattened = {path.parent.name for path in lake.glob(f"*/{keys.FLATTENED}/*/*")}
            laptop = Laptop(aws, replay)
            runs["next"] = laptop.run(NEXT).run_id
            after, seen_after = staged(lake), query(EVERYTHING, lake)
            rows = athena.run(f"SELECT count(DISTINCT run) FROM {keys.STAGED}", "staged_singstat_data", [], lake).rows
            redriven = aws.redrive(runs["young"])
            while aws.describe(redriven)["status"] == "RUNNING":
                time.sleep(0.05)
            status = aws.describe(redriven)
    return {
        "path": lake / bucket,
        "runs": runs,
        "before": before,
        "after": after,
        "seen": (seen, seen_after),
        "flattened": flattened,
        "rows": rows,
        "redriven": status,
    }


def keep_first_series(table):
    """A newer edition of which most is gone: a gate refuses it."""
    table.revise("24/11/2026", {})
    del table.rows[1:]
    del table.rows[0].columns[1:]


def test_staged_rows_that_nobody_needs_are_gone_and_all_others_are_there(lake):
    runs = lake["runs"]
    left = {(runs["first"], FORCED), (runs["refused"], REFUSED), (runs["abandoned"], ABANDONED)}

    assert lake["before"] >= left
    assert lake["after"] == lake["before"] - left | {(runs["next"], NEXT)}


def test_readers_see_every_edition_as_before(lake):
    before, after = ([row for row in rows if row["table_id"] != NEXT] for rows in lake["seen"])

    assert {row["edition"] for row in before if row["table_id"] == REVISED} >= {"current", "2026-11-24.1"}
    assert after == before


def test_partitions_without_files_do_not_disturb_a_query(lake):
    assert lake["rows"] == [("5",)]


def test_a_run_that_is_young_enough_is_redriven(lake):
    assert lake["redriven"]["status"] == "SUCCEEDED", lake["redriven"]["cause"]


def test_flattened_rows_expire(lake):
    assert lake["flattened"] == {lake["runs"]["young"]}
    assert json.loads((lake["path"] / keys.run(lake["runs"]["first"], "tally")).read_bytes())["stored"]


def test_replaced_versions_expire(tmp_path):
    with LocalAWS(tmp_path / "lake") as aws:
        bucket, s3 = aws.resource("DataBucket"), aws.client("s3")
        for body in (b"one", b"two"):
            s3.put_object(Bucket=bucket, Key="publications/M1.json", Body=body)
        versions = aws.lake / ".versions"

        left = {}
        for days in (1, 0):
            rule = {"Status": "Enabled", "NoncurrentVersionExpiration": {"NoncurrentDays": days}}
            lifecycle.expire(s3, bucket, [rule])
            left[days] = [path.read_bytes() for path in versions.rglob("*") if path.is_file()]

        assert left == {1: [b"one"], 0: []}
        assert s3.get_object(Bucket=bucket, Key="publications/M1.json")["Body"].read() == b"two"
