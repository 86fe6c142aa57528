"""Reports of two runs over synthetic tables, and a real browser to open them."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pipeline.contracts.states import RunRequest
from playwright.sync_api import Browser, sync_playwright

from local.cli.browse.server import application
from local.cli.loopback import listening
from local.cli.run import run
from local.cloud.aws import LocalAWS
from local.cloud.wsgi import Handler
from local.replay.server import Replay
from tests.support.once import once
from tests.support.samples import revise, samples

os.environ.setdefault("DATA_BUCKET", "unused")  # read when the AWS modules are imported
os.environ.setdefault("RESULTS_BUCKET", "unused")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("not checked: Chromium is not installed")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The report folders of the first and second vintages, created once for all test processes."""

    def make(folder: Path) -> None:
        (folder / "reports").write_text("\n".join(map(str, _run_twice(folder / "lake"))))

    first, second = map(Path, (once(tmp_path_factory, "report-runs", make) / "reports").read_text().splitlines())
    return first, second


def _run_twice(lake: Path) -> list[Path]:
    tables = samples()
    request = RunRequest(tables=list(tables))
    with Replay(tables) as replay:
        parameters = {"SourceUrl": replay.url, "PollSeconds": "1", "BackoffSeconds": "0"}
        with LocalAWS(lake, parameters=parameters) as aws:
            results = [run(aws, request, lambda *_: None)]
            revise(tables)
            results.append(run(aws, request, lambda *_: None))
    pages = [result.report for result in results]
    assert [result.status for result in results] == ["SUCCEEDED", "FAILED"], results
    return [page.parent for page in pages if page]


@pytest.fixture(scope="session")
def lake(runs: tuple[Path, Path]) -> Path:
    """The lake after both runs. Only for reading."""
    return runs[1].parents[3]


@pytest.fixture(scope="session")
def site(lake: Path) -> Iterator[str]:
    """The address of its pages, as `singstat browse` serves them."""
    with listening(application(lake), 0, Handler) as url:
        yield url
