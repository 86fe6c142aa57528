"""A long life on one lake: 200 runs, every fourth of them with a new vintage. `python -m benchmarks.long_life [RUNS]`.

Prints, for the first and the last quarter of the runs that publish and of those that find nothing new, the median CPU
seconds of the laptop and of the functions, the median calls of AWS, and the laptop's largest memory; then what one run
adds to each folder of the lake; and at first, what opening the new and the old lake costs.
"""

import resource
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import mean, median
from typing import NamedTuple

import psutil
from pipeline.contracts.states import RunRequest

from local.cli.options import QUICK
from local.cli.run import run
from local.cloud.aws import LocalAWS
from local.replay.server import Replay

TABLE, RUNS, EVERY = "M810001", 200, 4
FIRST_DAY = date(2026, 10, 1)


class Life(NamedTuple):
    """One run: whether it published, what it took, and the files and bytes of each folder of the lake after it."""

    published: bool
    laptop: float
    functions: float
    calls: int
    megabytes: float
    files: Counter[str]
    sizes: Counter[str]


def cpu_seconds() -> tuple[float, float]:
    """What this process has taken so far, and what all those that it has started."""
    this = psutil.Process()
    others = [child.cpu_times() for child in this.children(recursive=True)]
    return sum(this.cpu_times()[:2]), sum(
        sum(times[:4]) for times in others
    )  # user, system, the same of ended children


@contextmanager
def opened(lake: Path, url: str) -> Iterator[LocalAWS]:
    """The laptop's AWS on the lake; prints what opening it costs."""
    before, _ = cpu_seconds()
    with LocalAWS(lake, parameters=QUICK | {"SourceUrl": url}) as aws:
        print(f"opening the lake: {cpu_seconds()[0] - before:.2f} s")  # noqa: T201
        yield aws


def live(runs: int, lake: Path) -> Iterator[Life]:
    """Run the pipeline `runs` times on one lake, after a first run with its crawl."""
    with Replay() as replay:
        with opened(lake, replay.url) as aws:
            run(aws, RunRequest(tables=[TABLE]), lambda *_: None)
        with opened(lake, replay.url) as aws:
            calls: list[str] = []
            aws.front.routes.insert(0, lambda environ: calls.append(environ["PATH_INFO"]))
            for number in range(runs):
                if published := number % EVERY == 0:
                    row = replay.tables[TABLE].rows[0]
                    cell = (row.number, row.columns[0]["key"])
                    day = FIRST_DAY + timedelta(days=number // EVERY)
                    replay.tables[TABLE].revise(f"{day:%d/%m/%Y}", {cell: str(number)})
                calls.clear()
                before = cpu_seconds()
                result = run(aws, RunRequest(tables=[TABLE]), lambda *_: None)
                laptop, functions = (after - earlier for after, earlier in zip(cpu_seconds(), before, strict=True))
                if result.status != "SUCCEEDED":
                    sys.exit(f"run {number}: {result.error}")
                megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
                yield Life(published, laptop, functions, len(calls), megabytes, *content(lake))
        with opened(lake, replay.url):
            pass


def content(lake: Path) -> tuple[Counter[str], Counter[str]]:
    """How many files and bytes each folder of the lake has, and each folder of a bucket."""
    files: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for path in lake.rglob("*"):
        if path.is_file():
            folder = "/".join(path.relative_to(lake).parent.parts[:2])
            files[folder] += 1
            sizes[folder] += path.stat().st_size
    return files, sizes


def costs(title: str, lives: list[Life]) -> str:
    """What one of these runs takes."""
    laptop, functions, calls = (
        median(each) for each in zip(*((life.laptop, life.functions, life.calls) for life in lives), strict=True)
    )
    return f"{title:<26}{laptop:>8.2f} s{functions:>8.2f} s{calls:>6.0f} calls{lives[-1].megabytes:>6.0f} MB"


def growth(folder: str, lives: list[Life]) -> str:
    """What a run that publishes and one that finds nothing new add to a folder, at first and at last."""
    line = f"{folder:<50}"
    steps = list(pairwise(lives))
    for some in (steps[: len(steps) // 4], steps[-len(steps) // 4 :]):
        for published in (True, False):
            added = [
                (after.files[folder] - before.files[folder], after.sizes[folder] - before.sizes[folder])
                for before, after in some
                if after.published is published
            ]
            files, sizes = (mean(each) for each in zip(*added, strict=True))
            line += f"{files:>6.1f}{sizes:>9.0f} B"
    return line


def report(lives: list[Life]) -> Iterator[str]:
    """All lines but those of opening the lake."""
    for published, title in ((True, "publishes"), (False, "unchanged")):
        for when, some in (("first", lives[: len(lives) // 4]), ("last", lives[-len(lives) // 4 :])):
            yield costs(f"{title}, {when} quarter", [each for each in some if each.published is published])
    yield f"{'':<50}{'first: publishes':>17}{'unchanged':>17}{'last: publishes':>17}{'unchanged':>17}"
    yield from (growth(folder, lives) for folder in sorted(lives[-1].files))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        count = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
        lines = report(list(live(count, Path(temporary) / "lake")))
    print(*lines, sep="\n")  # noqa: T201
