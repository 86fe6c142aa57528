"""`singstat redrive`: a run of an earlier process goes on in the lake."""

import json

from pipeline.contracts import keys
from pipeline.contracts.states import RunRequest

from local.cli.run import run
from local.cloud.aws import LocalAWS
from tests.support.laptop import call
from tests.support.lost_answers import each_lost_once


def test_a_run_is_redriven_after_the_laptop_was_switched_off(lake, replay):
    parameters = {"SourceUrl": replay.url, "PollSeconds": "1", "BackoffSeconds": "0"}
    with LocalAWS(lake, parameters=parameters) as aws, each_lost_once(aws, "CheckVerification"):
        failed = run(aws, RunRequest(tables=["M810361"]), lambda *_: None)
    downloaded = sorted(lake.glob(f"*/{keys.RAW}/**/*"))

    done = call("redrive", failed.run_id, "--json", lake=lake)
    again = call("redrive", failed.run_id, lake=lake)

    assert failed.status == "FAILED"
    result = json.loads(done.stdout)
    assert (done.returncode, result["status"], result["tables"][0]["status"]) == (0, "SUCCEEDED", "published")
    assert sorted(lake.glob(f"*/{keys.RAW}/**/*")) == downloaded
    assert (again.returncode, again.stderr.count("\n")) == (1, 1)
    assert "is no run that failed" in again.stderr
