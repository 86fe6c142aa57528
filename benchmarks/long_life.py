"""A long life on one lake: 200 runs, every fourth of them with a new vintage. `python benchmarks/long_life.py [RUNS]`.

Prints, for the first and the last quarter of the runs, the median seconds of a run that publishes and of one that finds
nothing new, the process's largest memory, and what a run adds to the lake in files and bytes.
"""

import resource
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import NamedTuple

from pipeline.contracts.states import RunRequest

from local.cli.options import QUICK
from local.cli.run import run
from local.cloud.aws import LocalAWS
from local.replay.server import Replay

TABLE, RUNS, EVERY = "M810001", 200, 4
FIRST_DAY = date(2026, 10, 1)


class Life(NamedTuple):
    """One run: whether it published, its seconds, and the state of the process and the lake after it."""

    published: bool
    seconds: float
    megabytes: float
    files: int
    size: int


def live(runs: int, folder: Path) -> list[Life]:
    """Run the pipeline `runs` times on one lake; the first run has a crawl and is left out."""
    lives = []
    with Replay() as replay, LocalAWS(folder, parameters=QUICK | {"SourceUrl": replay.url}) as aws:
        run(aws, RunRequest(tables=[TABLE]), lambda *_: None)
        for number in range(runs):
            published = number % EVERY == 0
            if published:
                day = FIRST_DAY + timedelta(days=number)
                row = replay.tables[TABLE].rows[0]
                cell = (row.number, row.columns[0]["key"])
                replay.tables[TABLE].revise(f"{day:%d/%m/%Y}", {cell: str(number)})
            began = time.monotonic()
            result = run(aws, RunRequest(tables=[TABLE]), lambda *_: None)
            seconds = time.monotonic() - began
            if result.status != "SUCCEEDED":
                sys.exit(f"run {number}: {result.error}")
            sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
            megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            lives.append(Life(published, seconds, megabytes, len(sizes), sum(sizes)))
    return lives


def row(name: str, lives: list[Life]) -> str:
    """One line of the result."""
    publishing, unchanged = ([each.seconds for each in lives if each.published is kind] for kind in (True, False))
    files = (lives[-1].files - lives[0].files) / (len(lives) - 1)
    size = (lives[-1].size - lives[0].size) / (len(lives) - 1) / 1024
    return (
        f"{name:<14}{median(publishing):>10.2f} s{median(unchanged):>10.2f} s{lives[-1].megabytes:>10.0f} MB"
        f"{files:>10.1f}{size:>10.0f} KB"
    )


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    with tempfile.TemporaryDirectory() as temporary:
        all_lives = live(count, Path(temporary) / "lake")
    quarter = max(count // 4, 2 * EVERY)
    print(f"{'':<14}{'publishes':>12}{'unchanged':>12}{'memory':>13}{'files/run':>10}{'bytes/run':>13}")  # noqa: T201
    print(row("first quarter", all_lives[:quarter]))  # noqa: T201
    print(row("last quarter", all_lives[-quarter:]))  # noqa: T201
