"""The commands of the deployment guide and its tutorial exist: SAM's, AWS's by its service models, ours by typer."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
import typer.main
from botocore.session import Session
from samtranslator.yaml_helper import yaml_parse

from local.cli.app import app

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "deploy.md").read_text("utf-8")
TUTORIAL = (ROOT / "docs" / "tutorial-deployer.md").read_text("utf-8")
TEMPLATE = yaml_parse((ROOT / "template.yaml").read_text("utf-8"))
COMMANDS = [
    line for block in re.findall(r"^```\n(.*?)^```", GUIDE + TUTORIAL, re.S | re.M) for line in block.splitlines()
]
OF_THE_CLI = {"query"}  # options of the `aws` command itself


def of(tool: str) -> list[str]:
    found = [line for line in COMMANDS if line.split()[0].endswith(tool)]
    assert found
    return found


def test_every_command_is_of_a_tool_that_is_checked_here():
    assert {line.split()[0] for line in COMMANDS} <= {"sam", "aws", "git", "make", ".venv/bin/singstat"}


@pytest.mark.parametrize("line", sorted(set(of("make")) - {"make run"}))
def test_make_has_the_target_and_passes_its_words_to_sam(line):
    words = shlex.split(line)
    printed = subprocess.run([*words, "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert "sam build" in printed
    assert all(word.removeprefix("WITH=") in printed for word in words[2:])


@pytest.mark.parametrize("line", of("aws"))
def test_aws_has_the_operation_and_its_options(line):
    service, command, *words = shlex.split(line)[1:]
    model = Session().get_service_model(service.replace("s3api", "s3"))
    operation = model.operation_model("".join(word.capitalize() for word in command.split("-")))
    members = {re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower(): name for name in operation.input_shape.members}
    given = {word.removeprefix("--") for word in words if word.startswith("--")} - OF_THE_CLI

    assert given <= members.keys()
    assert set(operation.input_shape.required_members) <= {members[name] for name in given}


@pytest.mark.parametrize("line", of("sam"))
def test_sam_has_the_command_and_its_options(line):
    cli = pytest.importorskip("samcli.cli.main", reason="not checked: the SAM CLI is missing").cli
    words = shlex.split(line)[1:]
    command, context = cli, cli.make_context("sam", list(words), resilient_parsing=True)
    while hasattr(command, "get_command"):
        command = command.get_command(context, words.pop(0))
        assert command is not None, line
    options = {name for parameter in command.params for name in parameter.opts + parameter.secondary_opts}

    assert {word for word in words if word.startswith("--")} <= options


def test_parameters_and_environments_that_it_names_exist():
    config = (ROOT / "samconfig.toml").read_text("utf-8")

    named = set(re.findall(r"\b([A-Z]\w+)=", GUIDE + TUTORIAL)) - {"Database", "WITH"}
    assert named
    assert named <= TEMPLATE["Parameters"].keys()
    for environment in re.findall(r"--config-env (\w+)", GUIDE):
        assert f"[{environment}.deploy.parameters]" in config


def test_the_tutorial_has_the_defaults_of_the_parameters():
    rows = re.findall(r"^\| (`[A-Z].*?`) \| (.*?) \|", TUTORIAL, re.MULTILINE)

    assert len(rows) > 4
    for names, told in rows:
        for name in re.findall(r"`(\w+)`", names):
            default = str(TEMPLATE["Parameters"][name]["Default"])
            assert default == told or (told == "empty" and not default) or (told == "a few of each" and "," in default)


def test_outputs_that_it_names_exist():
    named = set(re.findall(r"output `(\w+)`", GUIDE)) | {"PipelineArn", "DataBucketName", "ResultsBucketName"}
    named |= {"AuditBucketName", "EncryptionKeyId"}

    assert all(name in GUIDE for name in named)
    assert named <= TEMPLATE["Outputs"].keys()


def test_our_own_commands_exist():
    commands = typer.main.get_command(app).commands

    named = set(re.findall(r"singstat (\w+)[` ]", GUIDE)) | {line.split()[1] for line in of(".venv/bin/singstat")}
    assert named
    assert named <= commands.keys()


def test_events_and_functions_that_it_names_exist():
    for function, event in re.findall(r"sam local invoke (\w+) --event (\S+)", GUIDE):
        assert function in TEMPLATE["Resources"]
        assert (ROOT / event).exists()


def test_the_key_and_the_buckets_are_what_is_kept():
    kept = {
        name
        for name, body in TEMPLATE["Resources"].items()
        if isinstance(body, dict) and str(body.get("DeletionPolicy")).startswith("Retain")
    }

    of_the_account = {"ApiAccount", "ApiLogRole"}
    assert kept == {"DataBucket", "ResultsBucket", "AuditBucket", "EncryptionKey"} | of_the_account
    assert all(f"`{name}`" in GUIDE for name in of_the_account)
