"""Stored e-mails: refused ones, runs without one, links that outlive the process that created them."""

import re
from pathlib import Path

import pytest
import requests
from pipeline.contracts.states import RunRequest

from local.cli.run import run
from local.cli.serve import serving
from local.cloud.aws import LocalAWS
from local.cloud.services.mailbox import mails
from local.replay.server import Replay
from tests.support.branches import PARAMETERS, project, without

TABLE = "M400751"
LINK = re.compile(r"^http://[^/]+(/links/\S+)$", re.MULTILINE)


def test_a_run_succeeds_without_its_mail_and_its_history_shows_the_failure(tmp_path: Path) -> None:
    template = project(tmp_path / "project", without("NotifyFunction", "Mail"))
    with Replay() as replay:
        parameters = PARAMETERS | {"SourceUrl": replay.url}
        with LocalAWS(tmp_path / "lake", template, parameters) as aws:
            result = run(aws, RunRequest(tables=[TABLE]), lambda *_: None)
            executions = aws.resource("Pipeline").replace(":stateMachine:", ":execution:")
            failed = [
                event["lambdaFunctionFailedEventDetails"]
                for event in aws.history(f"{executions}:{result.run_id}")
                if event["type"] == "LambdaFunctionFailed"
            ]

    assert (result.status, [table.status for table in result.tables]) == ("SUCCEEDED", ["published"])
    assert mails(tmp_path / "lake") == []
    assert len(failed) == 1
    assert "sns:Publish" in failed[0]["cause"]


@pytest.mark.parametrize(("notify", "subjects"), [("true", ["nothing new, 1 table unchanged"]), ("false", [])])
def test_a_parameter_enables_mails_of_unchanged_runs(tmp_path: Path, notify: str, subjects: list[str]) -> None:
    with Replay() as replay:
        parameters = PARAMETERS | {"SourceUrl": replay.url, "NotifyUnchanged": notify}
        with LocalAWS(tmp_path / "lake", parameters=parameters) as aws:
            run(aws, RunRequest(tables=[TABLE]), lambda *_: None)
            again = run(aws, RunRequest(tables=[TABLE]), lambda *_: None)

    assert again.status == "SUCCEEDED"
    kept = [mail.subject for mail in mails(tmp_path / "lake")]
    assert kept[1:] == [f"SingStat: {words} ({again.run_id})" for words in subjects]


def test_a_link_opens_after_a_restart(tmp_path: Path) -> None:
    with Replay() as replay:
        parameters = PARAMETERS | {"SourceUrl": replay.url}
        with LocalAWS(tmp_path / "lake", parameters=parameters) as aws:
            report = run(aws, RunRequest(tables=[TABLE]), lambda *_: None).report
    report_link, _ = LINK.findall(mails(tmp_path / "lake")[0].path.read_text("utf-8"))

    with LocalAWS(tmp_path / "lake") as aws, serving(aws, authenticated=False) as door:
        assert report
        assert requests.get(door.url + report_link, timeout=30).content == report.read_bytes()
