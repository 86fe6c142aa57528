"""What the workflows, issue forms and hooks promise; zizmor, in `make check`, holds pins and permissions."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
ZIZMOR = Path(sys.executable).with_name("zizmor")


def read(path: Path) -> dict:
    return yaml.load(path.read_text("utf-8"), yaml.BaseLoader)  # noqa: S506 - BaseLoader makes texts only; `on` stays a word


WORKFLOWS = {path.stem: read(path) for path in (GITHUB / "workflows").iterdir()}
STEPS = [(name, step) for name, flow in WORKFLOWS.items() for job in flow["jobs"].values() for step in job["steps"]]


def test_every_supported_python_is_checked():
    versions = WORKFLOWS["check"]["jobs"]["check"]["strategy"]["matrix"]["python"]

    (oldest,) = re.findall(r'requires-python = ">=3\.(\d+)"', (ROOT / "pyproject.toml").read_text("utf-8"))
    assert versions == [f"3.{minor}" for minor in range(int(oldest), 15)]


def test_a_deployment_is_started_by_hand_and_alone_may_ask_for_a_role():
    assert list(WORKFLOWS["deploy"]["on"]) == ["workflow_dispatch"]
    assert WORKFLOWS["deploy"]["on"]["workflow_dispatch"]["inputs"]["environment"]["options"] == ["dev", "prod"]
    permissions = {name: [job["permissions"] for job in flow["jobs"].values()] for name, flow in WORKFLOWS.items()}
    assert permissions == {"check": [{"contents": "read"}], "deploy": [{"contents": "read", "id-token": "write"}]}
    assert [flow["permissions"] for flow in WORKFLOWS.values()] == [{}, {}]


def test_environments_of_a_deployment_are_those_of_samconfig():
    config = (ROOT / "samconfig.toml").read_text("utf-8")

    for environment in WORKFLOWS["deploy"]["on"]["workflow_dispatch"]["inputs"]["environment"]["options"]:
        assert f"[{environment}.deploy.parameters]" in config


@pytest.mark.parametrize("command", [step["run"] for _, step in STEPS if "run" in step])
def test_a_job_runs_what_anybody_can_run(command):
    tool, *words = command.split()
    if tool == ".venv/bin/sam":
        assert words[0] == "deploy"
        return
    assert tool == "make"
    for target in (word for word in words if "=" not in word):
        assert re.search(rf"^(?:.* )?{re.escape(target)}(?: .*)?:", MAKEFILE, re.MULTILINE), target


def test_actions_come_from_github_and_aws_and_name_their_release():
    used = [
        line
        for path in (GITHUB / "workflows").iterdir()
        for line in path.read_text("utf-8").splitlines()
        if "uses:" in line
    ]

    assert len(used) == len([step for _, step in STEPS if "uses" in step]) == 5
    for line in used:
        assert re.fullmatch(r" +- uses: (actions|aws-actions)/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


@pytest.mark.parametrize("name", ["defect", "wish"])
def test_an_issue_form_asks_each_question_once(name):
    form = read(GITHUB / "ISSUE_TEMPLATE" / f"{name}.yml")

    ids = [question["id"] for question in form["body"]]
    assert {"name", "description", "body"} <= form.keys()
    assert len(ids) == len(set(ids))
    assert all(question["attributes"]["label"] for question in form["body"])
    assert all(question["attributes"].get("options") for question in form["body"] if question["type"] == "dropdown")


def test_hooks_are_the_tools_of_the_gate():
    (repository,) = read(ROOT / ".pre-commit-config.yaml")["repos"]
    (gate,) = re.findall(r"zizmor (--.*) \.github &&", MAKEFILE)
    entries = [hook["entry"] for hook in repository["hooks"]]

    assert repository["repo"] == "local"
    assert all(entry.startswith((".venv/bin/ruff ", ".venv/bin/zizmor ")) for entry in entries)
    assert f".venv/bin/zizmor {gate} .github" in entries


@pytest.mark.skipif(not ZIZMOR.exists(), reason="zizmor belongs to the gate: `make .venv/check`")
@pytest.mark.parametrize(
    ("pattern", "planted"),
    [
        pytest.param(r"@[0-9a-f]{40} # v[\d.]+", "@main", id="an action that is not pinned"),
        pytest.param(r"permissions: \{\}", "permissions: write-all", id="permissions to everything"),
        pytest.param(r"\$STAGE", "${{ inputs.environment }}", id="an input within a command"),
    ],
)
def test_the_gate_finds_a_planted_weakness(tmp_path, pattern, planted):
    text = (GITHUB / "workflows" / "deploy.yml").read_text("utf-8")
    weak = re.sub(pattern, lambda _: planted, text)
    (tmp_path / "deploy.yml").write_text(weak)
    (options,) = re.findall(r"zizmor (--.*) \.github &&", MAKEFILE)

    done = subprocess.run([ZIZMOR, *options.split(), tmp_path / "deploy.yml"], capture_output=True, check=False)

    assert weak != text
    assert done.returncode >= 10
