"""The real state machine on the laptop's AWS, against a real HTTP server that behaves like SingStat."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.cloud.aws import LocalAWS
from local.replay.recordings import load_recordings
from local.replay.server import Replay
from tests.support.laptop import Laptop, run
from tests.support.once import once


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return tmp_path / "lake"


@pytest.fixture
def replay() -> Iterator[Replay]:
    with Replay() as server:
        yield server


@pytest.fixture(scope="module")
def switched_on(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Laptop]:
    """With the template's PARAMETERS of a file that has some."""
    lake = tmp_path_factory.mktemp("laptop") / "lake"
    with Replay() as replay:
        own: dict[str, str] = getattr(request.module, "PARAMETERS", {})
        parameters = {"SourceUrl": replay.url, "PollSeconds": "1", "BackoffSeconds": "0"} | own
        with LocalAWS(lake, parameters=parameters) as aws:
            yield Laptop(aws, replay)


@pytest.fixture
def laptop(switched_on: Laptop) -> Iterator[Laptop]:
    """Shared by the tests of a file, so each works on tables of its own; SingStat answers as usual afterwards."""
    usual = switched_on.replay.answer
    yield switched_on
    switched_on.replay.answer = usual


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A lake after one run of everything that is recorded, and that run's result. Only for reading."""

    def make(folder: Path) -> None:
        code, result = run(*sorted(load_recordings()), lake=folder / "lake")
        assert code == 0, result
        (folder / "result.json").write_text(json.dumps(result))

    folder = once(tmp_path_factory, "published", make)
    return folder / "lake", json.loads((folder / "result.json").read_bytes())
