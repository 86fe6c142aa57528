"""Rules invoke functions asynchronously, so Lambda retries a failed invocation twice."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from local.cloud.aws import LocalAWS
from local.cloud.services.event_rules import Rule

TEMPLATE = Path(__file__).parent / "platform/template.yaml"
CODE = """
from pathlib import Path
import json

def handler(event, _):
    attempts = Path(__file__).with_name("attempts")
    with attempts.open("a") as file:
        file.write(json.dumps(event) + "\\n")
    if len(attempts.read_text().splitlines()) <= {failures}:
        raise RuntimeError("not yet")
"""


@pytest.mark.parametrize(("failures", "attempts"), [(0, 1), (1, 2), (9, 3)])
def test_a_failed_target_is_retried_twice(tmp_path: Path, failures: int, attempts: int) -> None:
    (tmp_path / "late.py").write_text(CODE.format(failures=failures))
    with LocalAWS(tmp_path / "lake", TEMPLATE) as aws:
        work = aws.functions.deployed["singstat-WorkFunction-laptop"]
        aws.functions.add(replace(work, name="late", folder=tmp_path, handler="late.handler"))
        aws.rules.rules = [Rule({"detail": {"status": ["FAILED"]}}, ["late"])]
        aws.rules.follow(
            "arn:aws:states:ap-southeast-1:123456789012:execution:machine:run", lambda _: {"status": "FAILED"}
        )
        aws.rules.finish()

    events = [json.loads(line) for line in (tmp_path / "attempts").read_text().splitlines()]
    assert len(events) == attempts
    assert all(event == events[0] and event["detail"]["name"] == "run" for event in events)
