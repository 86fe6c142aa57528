"""tools/smoke.py against the laptop's AWS, as a person runs it against an account."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from local.cli.serve import serving
from local.cloud.account import REGION
from local.cloud.aws import LocalAWS
from local.replay.server import Replay

SMOKE = Path(__file__).parents[2] / "tools" / "smoke.py"
OUTPUTS = {
    "PipelineArn": "Pipeline",
    "DataBucketName": "DataBucket",
    "ResultsBucketName": "ResultsBucket",
    "ReadersWorkgroupName": "ReadersWorkgroup",
    "TopicArn": "Topic",
}
LARGE = "M550002"  # 12,122 cells


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """The results of all steps by name, on a stack whose worker takes every table of more than 5,000 cells."""
    folder = tmp_path_factory.mktemp("smoke")
    with Replay() as replay:
        parameters = {"SourceUrl": replay.url, "PollSeconds": "1", "BackoffSeconds": "0", "LargeTableCells": "5000"}
        with LocalAWS(folder / "lake", parameters=parameters) as aws, serving(aws) as door:
            assert door.keys
            outputs = {name: aws.resource(logical_id) for name, logical_id in OUTPUTS.items()} | {"ApiUrl": door.url}
            (folder / "outputs.json").write_text(json.dumps(outputs))
            command = [sys.executable, SMOKE, "--outputs", folder / "outputs.json", "--endpoint", aws.url, "--json"]
            done = subprocess.run(
                [*command, "--poll", "0.5", "--patience", "120", "--large", LARGE],
                env={
                    "PATH": os.environ["PATH"],
                    "AWS_ACCESS_KEY_ID": door.keys.access,
                    "AWS_SECRET_ACCESS_KEY": door.keys.secret,
                    "AWS_DEFAULT_REGION": REGION,
                },
                capture_output=True,
                text=True,
                check=False,
                timeout=280,
            )
    assert done.stdout, done.stderr
    return {result["step"]: result for result in json.loads(done.stdout)} | {"exit": {"status": str(done.returncode)}}


@pytest.mark.parametrize(
    "step",
    [
        *("small table", "published", "report and link", "API", "unchanged", "refusal", "redrive", "large table"),
        "nothing left",
    ],
)
def test_a_smoke_step_passes(results, step):
    assert results[step]["status"] == "passed", results[step]


@pytest.mark.parametrize("step", ["mail address", "alarms"])
def test_a_smoke_step_that_the_laptop_lacks_is_not_checked(results, step):
    assert results[step]["status"] == "not checked", results[step]


def test_the_smoke_script_exits_0(results):
    assert results["exit"]["status"] == "0"
