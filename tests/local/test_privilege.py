"""Least privilege: ungranted calls are refused, every grant is used, and `docs/iam.md` documents both."""

import json
from pathlib import Path
from typing import Any

import pytest
from pipeline.contracts.states import RunRequest

from local.cli.run import run
from local.cloud.aws import LocalAWS
from local.cloud.stack.template import TEMPLATE, load_template
from local.replay.server import Replay
from tests.support import branches, iam_table
from tests.support.once import once


@pytest.fixture(scope="session")
def observed(tmp_path_factory: pytest.TempPathFactory) -> branches.Observed:
    """One walk through all branches, shared by the processes of a test session."""

    def observe(folder: Path) -> None:
        (folder / "observed.json").write_text(json.dumps(branches.observe(folder)))

    folder = once(tmp_path_factory, "observed", observe)
    found: branches.Observed = json.loads((folder / "observed.json").read_bytes())
    return found


def test_every_grant_is_used_or_has_a_reason(observed: branches.Observed) -> None:
    reasons, unused = set(iam_table.NOT_ON_A_LAPTOP), set()
    for grant in observed["grants"]:
        role, sid, uses = grant["role"], grant["sid"], observed["uses"]
        mine = [use for use in uses if use[:2] == [role, sid]]
        unused |= {(role, sid, action) for action in grant["actions"]} - {(role, sid, use[2]) for use in mine}
        if mine:
            assert {use[3] for use in mine} == set(grant["resources"]), f"{role} {sid}: a resource is never used"
    explained = {key for key in unused if key in reasons or (*key[:2], iam_table.ALL) in reasons}

    assert unused == explained
    assert reasons <= unused | {(*key[:2], iam_table.ALL) for key in unused}, (
        "a reason for a grant that is used or does not exist"
    )


def test_no_statement_applies_to_all_resources_without_a_reason(observed: branches.Observed) -> None:
    grants = observed["grants"]
    on_everything = {(grant["role"], grant["sid"]) for grant in grants if "*" in grant["resources"]}

    assert on_everything == set(iam_table.ON_EVERYTHING)
    assert [action for grant in grants for action in grant["actions"] if "*" in action] == []


def test_sam_attaches_the_only_managed_policies() -> None:
    resources = load_template(TEMPLATE)["Resources"]
    attached = [body.get("Properties", {}).get("ManagedPolicyArns", []) for body in resources.values()]
    arns = [arn for several in attached if isinstance(several, list) for arn in several]
    names = {arn.rpartition("/")[2] for arn in arns if isinstance(arn, str)}

    assert names == set(iam_table.MANAGED)
    others = [arn for arn in arns if not isinstance(arn, str)]
    assert sorted(others, key=str) == [{"Fn::Sub": iam_table.FOR_THE_API_LOG}, {"Ref": iam_table.OWN}]


def test_the_page_is_current(observed: branches.Observed) -> None:
    right = iam_table.page(observed)

    assert iam_table.PAGE.read_text("utf-8") == right, f"docs/iam.md is outdated; regenerate it: {iam_table.COMMAND}"


@pytest.mark.parametrize(
    ("role", "sid", "state", "action"),
    [
        ("PlanRunFunction", "WriteThePlan", "PlanRun", "s3:PutObject"),
        ("PipelineRole", "InvokeTheFunctions", "PlanRun", "lambda:InvokeFunction"),
        ("DownloadTableFunction", "DetectMissingPublication", "DownloadTable", "s3:ListBucket"),
        ("TransformRole", "ReadFlattenedRows", "CheckTransform", "s3:GetObject"),
        ("CrawlerRole", "ReadStagedData", "CheckCrawl", "s3:GetObject"),
        ("StartVerificationFunction", "UseTheKey", "StartVerification", "kms:Decrypt"),
    ],
)
def test_a_missing_grant_fails_its_state(tmp_path: Path, role: str, sid: str, state: str, action: str) -> None:
    template = branches.project(tmp_path / "project", branches.without(role, sid))
    with Replay() as replay:
        parameters = branches.PARAMETERS | {"SourceUrl": replay.url}
        with LocalAWS(tmp_path / "lake", template, parameters) as aws:
            result = run(aws, RunRequest(tables=[branches.SMALL]), lambda *_: None)
            (path,) = aws.lake.glob(".executions/*.json")
    story: dict[str, Any] = json.loads(path.read_bytes())
    failed = [one for one in story["states"] if one["name"] == state]

    assert result.status == "FAILED"
    assert len(failed) == 1
    assert f"is not authorized to perform: {action} on resource: arn:aws:" in f"{story} {result}"
    if state != "DownloadTable":  # records the failure and continues
        assert story["states"][-1]["name"] == state
