"""A wrong transform is stopped before readers see anything: by its own end, by the schema, or by the numbers."""

import json
import shutil
import time
from pathlib import Path

import pytest
from moto.sns.models import sns_backends
from pipeline.contracts.states import RunRequest

from local.cli.run import run
from local.cloud.account import ACCOUNT, REGION
from local.cloud.aws import TEMPLATE, LocalAWS
from local.cloud.sql import athena
from local.cloud.sql.catalogue import PUBLISHED
from local.replay.server import Replay

STEPS = json.loads((TEMPLATE.parent / "databrew" / "recipe.json").read_text("utf-8"))["Steps"]


def step(operation: str, **parameters: str) -> dict[str, object]:
    return {"Action": {"Operation": operation, "Parameters": parameters}}


def project(folder: Path, steps: list[dict[str, object]]) -> Path:
    """A copy of the project with other recipe steps; the path of its template."""
    for name in ("functions", "statemachine", "quicksight"):
        (folder / name).symlink_to(TEMPLATE.parent / name)
    shutil.copy(TEMPLATE, folder)
    (folder / "databrew").mkdir()
    (folder / "databrew" / "recipe.json").write_text(json.dumps({"Steps": steps}), "utf-8")
    return folder / "template.yaml"


def published(lake: Path) -> int:
    return len(athena.run("SELECT table_id FROM tables", PUBLISHED, [], lake).rows)


@pytest.mark.parametrize(
    ("steps", "error", "why"),
    [
        pytest.param(
            [*STEPS, step("ENCODE_EVERYTHING")], "TransformFailed", "ENCODE_EVERYTHING", id="a step nobody knows"
        ),
        pytest.param(STEPS[:2], "CatalogueFailed", "vintage: string, not date", id="a type that is not declared"),
        pytest.param(
            [*STEPS, step("REMOVE_MISSING", sourceColumn="value")],
            "SomeTablesFailed",
            "M810001 CheckVerification: observations: 47 staged, 48 downloaded",
            id="rows lost",
        ),
        pytest.param(
            [step("REPLACE_TEXT", sourceColumn="value", pattern="2", value="3"), *STEPS],
            "SomeTablesFailed",
            "total_value",
            id="values changed",
        ),
    ],
)
def test_nothing_is_published(tmp_path, steps, error, why):
    lake = tmp_path / "lake"
    folder = tmp_path / "project"
    folder.mkdir()
    with Replay() as replay:
        replay.tables["M810001"].revise("25/09/2026", {("2", "1970"): "-"})
        parameters = {"SourceUrl": replay.url, "PollSeconds": "1", "BackoffSeconds": "0"}
        with LocalAWS(lake, project(folder, steps), parameters) as aws:
            result = run(aws, RunRequest(tables=["M810001"]), lambda *_: None)
            aws.rules.finish()
            jobs = aws.client("databrew").list_jobs()["Jobs"]

    assert result.status == "FAILED"
    assert result.error.startswith(f"{error}: ")
    assert result.tables[0].status == "failed"
    assert why in result.tables[0].error
    assert "Next: " in result.tables[0].error
    assert published(lake) == 0
    assert jobs == []


def test_the_run_after_it_publishes(tmp_path):
    lake, folder = tmp_path / "lake", tmp_path / "project"
    folder.mkdir()
    with Replay() as replay:
        parameters = {"SourceUrl": replay.url, "PollSeconds": "1", "BackoffSeconds": "0"}
        with LocalAWS(lake, project(folder, STEPS[:2]), parameters) as aws:
            run(aws, RunRequest(tables=["M810001"]), lambda *_: None)
        shutil.rmtree(folder)
        with LocalAWS(lake, parameters=parameters) as aws:
            result = run(aws, RunRequest(tables=["M810001"]), lambda *_: None)

    assert (result.status, result.tables[0].status, published(lake)) == ("SUCCEEDED", "published", 1)


def test_who_is_subscribed_hears_of_it(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    with Replay() as replay:
        parameters = {"SourceUrl": replay.url, "PollSeconds": "1", "BackoffSeconds": "0"}
        with LocalAWS(tmp_path / "lake", project(folder, [step("ENCODE_EVERYTHING")]), parameters) as aws:
            result = run(aws, RunRequest(tables=["M810001"]), lambda *_: None)
            aws.rules.finish()
            mails = sns_backends[ACCOUNT][REGION].topics[aws.resource("Topic")].sent_notifications

    assert len(mails) == 1
    _, text, subject, *_ = mails[0]
    assert subject == f"SingStat: FAILED in CheckTransform ({result.run_id})"
    assert f"Run {result.run_id}: FAILED in CheckTransform" in text
    assert "TransformFailed: CheckTransform: it ended FAILED" in text
    assert "Next: " in text


def test_what_an_aborted_run_left_is_taken_away(tmp_path):
    with Replay() as replay:
        parameters = {"SourceUrl": replay.url, "PollSeconds": "60", "BackoffSeconds": "0"}
        with LocalAWS(tmp_path / "lake", parameters=parameters) as aws:
            execution = aws.start({"tables": ["M810001"]}, "aborted")
            while not aws.client("databrew").list_jobs()["Jobs"]:
                time.sleep(0.05)
            while "WaitForTransform" not in str(aws.history(execution)):
                time.sleep(0.05)
            stop = aws.client("stepfunctions").stop_execution
            stop(executionArn=execution, error="Enough", cause="stopped by a person")
            aws.rules.finish()
            jobs = aws.client("databrew").list_jobs()["Jobs"]
            mails = sns_backends[ACCOUNT][REGION].topics[aws.resource("Topic")].sent_notifications

    assert jobs == []
    assert [subject for _, _, subject, *_ in mails] == ["SingStat: ABORTED in WaitForTransform (aborted)"]
    assert "Enough: stopped by a person" in mails[0][1]
