"""The real state machine on the laptop's AWS, against a real HTTP server that behaves like SingStat."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local import athena
from local.aws import TEMPLATE
from local.recordings import load_recordings
from local.replay import Replay
from local.template import load_template

SINGSTAT = Path(sys.executable).with_name("singstat")
Command = Callable[..., subprocess.CompletedProcess[str]]


def call(*words: str, lake: Path | None) -> subprocess.CompletedProcess[str]:
    """`singstat WORDS --lake LAKE`, as a person calls it: a process of its own."""
    return subprocess.run(
        [SINGSTAT, *words, *(["--lake", str(lake)] if lake else [])],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "COLUMNS": "200"},
    )


def run(*words: str, lake: Path) -> tuple[int, dict[str, Any]]:
    """Exit code and result of `singstat run WORDS --json`."""
    done = call("run", *words, "--json", lake=lake)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def query(sql: str, lake: Path) -> list[dict[str, Any]]:
    """Rows as Athena's text, in this process; tests of the command itself use `call`."""
    answer = athena.run(sql, "transformed_singstat_data", [], lake)
    names = [name for name, _ in answer.columns]
    return [dict(zip(names, row, strict=True)) for row in answer.rows]


@pytest.fixture(scope="session")
def translated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template as `LocalAWS` keeps it translated: two seconds that not every test need take again."""
    cache = tmp_path_factory.mktemp("translated")
    load_template(TEMPLATE, cache)
    return cache


@pytest.fixture
def lake(tmp_path: Path, translated: Path) -> Path:
    shutil.copytree(translated, tmp_path / "lake" / ".cache")
    return tmp_path / "lake"


@pytest.fixture
def replay():
    with Replay() as server:
        yield server


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A lake after one run of everything that is recorded, and that run's result. Only for reading."""
    lake = tmp_path_factory.mktemp("published") / "lake"
    code, result = run(*sorted(load_recordings()), lake=lake)
    assert code == 0, result
    return lake, result
