"""`singstat doctor` tells what is on this machine: the conditions are made real, and the answers change with them."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from local.cli.doctor import examine

SINGSTAT = Path(sys.executable).with_name("singstat")


def here(lake: Path) -> dict[str, str]:
    return {check.what: check.here for check in examine(lake)}


def call(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "COLUMNS": "200"} | variables
    return subprocess.run([SINGSTAT, "doctor", *words], capture_output=True, text=True, check=False, env=environment)


def test_a_machine_that_can_run_the_tests_can_run_the_pipeline(tmp_path):
    needed = [check for check in examine(tmp_path) if check.needed]

    assert len(needed) == 4
    assert {check.here for check in needed} == {"yes"}


def test_the_command_says_so_and_lists_every_check(tmp_path):
    done = call("--json", "--lake", str(tmp_path))

    assert done.returncode == 0, done.stderr
    assert [check["what"] for check in json.loads(done.stdout)] == [check.what for check in examine(tmp_path)]
    shown = call("--lake", str(tmp_path)).stdout
    assert all(check.what in shown for check in examine(tmp_path))


def test_where_nothing_can_be_written_the_laptop_cannot_run(tmp_path):
    (tmp_path / "file").write_text("")
    lake = tmp_path / "file" / "lake"

    assert here(lake)["a folder for the data"] == "no"
    assert call("--lake", str(lake)).returncode == 1


def test_tools_are_looked_for_on_the_path(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert here(tmp_path)["Node.js with npm"] == "no"

    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\n")
    npm.chmod(0o755)
    assert here(tmp_path)["Node.js with npm"] == "yes"


def test_a_python_that_does_not_start_is_none(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "venv" / "python"))
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    python = tmp_path / "python3.13"

    for status, expected in ((127, "no"), (0, "yes")):  # a version manager's stand-in gives 127
        python.write_text(f"#!/bin/sh\nexit {status}\n")
        python.chmod(0o755)
        assert here(tmp_path)["python3.13 on PATH"] == expected


def test_an_engine_is_there_when_its_socket_answers(tmp_path, monkeypatch):
    path = Path(os.path.relpath(tmp_path / "socket"))  # absolute, it can be too long for a socket's name
    monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
    monkeypatch.setenv("PATH", "")  # without the docker command its images are not asked for
    assert here(tmp_path)["a container engine"] == "no"

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        assert here(tmp_path)["a container engine"] == "no"  # nobody listens
        server.listen()
        assert here(tmp_path)["a container engine"] == "yes"


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, "no"),
        ({"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE"}, "yes"),
    ],
)
def test_credentials_are_seen_and_never_shown(variables, expected):
    done = call("--json", AWS_CONFIG_FILE="/nonexistent", AWS_SHARED_CREDENTIALS_FILE="/nonexistent", **variables)

    assert {check["what"]: check["here"] for check in json.loads(done.stdout)}["AWS credentials"] == expected
    assert "AKIDEXAMPLE" not in done.stdout


def test_what_needs_the_network_is_not_checked(tmp_path):
    assert here(tmp_path)["SingStat itself"] == "not checked"
