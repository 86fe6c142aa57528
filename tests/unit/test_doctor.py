"""`singstat doctor`: the conditions are made real, and the answers change with them."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from local.cli.doctor import run_checks

SINGSTAT = Path(sys.executable).with_name("singstat")


def found(lake: Path) -> dict[str, str]:
    return {check.name: check.found for check in run_checks(lake)}


def command(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)


def call(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "COLUMNS": "200"} | variables
    return subprocess.run([SINGSTAT, "doctor", *words], capture_output=True, text=True, check=False, env=environment)


def test_a_machine_that_can_run_the_tests_can_run_the_pipeline(tmp_path):
    required = [check for check in run_checks(tmp_path) if check.required]

    assert len(required) == 4
    assert {check.found for check in required} == {"yes"}


def test_the_command_says_so_and_lists_every_check(tmp_path):
    done = call("--json", "--lake", str(tmp_path))

    assert done.returncode == 0, done.stderr
    assert [check["name"] for check in json.loads(done.stdout)] == [check.name for check in run_checks(tmp_path)]
    shown = call("--lake", str(tmp_path)).stdout
    assert all(check.name in shown for check in run_checks(tmp_path))


def test_where_nothing_can_be_written_the_laptop_cannot_run(tmp_path):
    (tmp_path / "file").write_text("")
    lake = tmp_path / "file" / "lake"

    assert found(lake)["writable data directory"] == "no"
    assert call("--lake", str(lake)).returncode == 1


def test_tools_are_looked_for_on_the_path(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert found(tmp_path)["Node.js with npm"] == "no"

    command(tmp_path / "npm", "exit 0")
    assert found(tmp_path)["Node.js with npm"] == "yes"


def test_a_python_that_does_not_start_is_none(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "venv" / "python"))
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")

    for status, expected in ((127, "no"), (0, "yes")):  # a version manager's shim exits with 127
        command(tmp_path / "python3.13", f"exit {status}")
        assert found(tmp_path)["python3.13 on PATH"] == expected


@pytest.mark.parametrize(
    ("version", "expected", "detail"),
    [
        ("1.161.0", "no", "1.161.0 fails on Fn::ForEach or omits AWS::Include files; install a newer one"),
        ("1.99.9", "no", "1.99.9 fails"),
        ("1.161.1", "yes", "1.161.1 is installed"),
        ("2.0.0", "yes", "2.0.0 is installed"),
    ],
)
def test_a_sam_cli_that_cannot_deploy_the_template_is_too_old(tmp_path, monkeypatch, version, expected, detail):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "venv" / "python"))
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    command(tmp_path / "sam", f"echo 'SAM CLI, version {version}'")

    (check,) = (check for check in run_checks(tmp_path) if check.name == "SAM CLI 1.161.1 or newer")

    assert (check.found, check.required) == (expected, False)
    assert check.detail.startswith(detail)


def test_without_the_sam_cli_or_its_version_nothing_is_said_of_its_age(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "venv" / "python"))
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")

    answers = [found(tmp_path)]
    for line in ("exit 1", "echo unknown"):
        command(tmp_path / "sam", line)
        answers.append(found(tmp_path))

    assert [answer["SAM CLI"] for answer in answers] == ["no", "yes", "yes"]
    assert {answer["SAM CLI 1.161.1 or newer"] for answer in answers} == {"not checked"}


def test_an_engine_is_there_when_its_socket_answers(tmp_path, monkeypatch):
    path = Path(os.path.relpath(tmp_path / "socket"))  # absolute, it can be too long for a socket's name
    monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
    monkeypatch.setenv("PATH", "")  # without the docker command its images are not asked for
    assert found(tmp_path)["container engine"] == "no"

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        assert found(tmp_path)["container engine"] == "no"  # nobody listens
        server.listen()
        assert found(tmp_path)["container engine"] == "yes"


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, "no"),
        ({"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE"}, "yes"),
    ],
)
def test_credentials_are_seen_and_never_shown(variables, expected):
    done = call("--json", AWS_CONFIG_FILE="/nonexistent", AWS_SHARED_CREDENTIALS_FILE="/nonexistent", **variables)

    assert {check["name"]: check["found"] for check in json.loads(done.stdout)}["AWS credentials"] == expected
    assert "AKIDEXAMPLE" not in done.stdout


def test_what_needs_the_network_is_not_checked(tmp_path):
    assert found(tmp_path)["SingStat itself"] == "not checked"
