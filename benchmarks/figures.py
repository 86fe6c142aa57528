"""What a benchmark hands over, and the means to measure it: CPU and memory of processes, ratios pair by pair."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

from msgspec import Struct, field

ROOT = Path(__file__).parents[1]
BEFORE = "0fa2a4e"  # the commit that "before" was measured on
MIB = 1 << 20
PEAK_UNIT = 1024 if sys.platform == "linux" else 1  # of ru_maxrss, in bytes


class Figure(Struct, frozen=True, kw_only=True):
    """A row of the page. `now` is None if it was not measured, and `note` says why; `bar` is what it should reach."""

    name: str
    now: float | None
    unit: str = ""  # "": a ratio
    before: str = ""
    bar: float | None = None
    at_least: bool = False  # whether the bar is a lower bound
    note: str = ""

    @property
    def met(self) -> bool | None:
        """None if there is nothing to compare."""
        if self.now is None or self.bar is None:
            return None
        return self.now >= self.bar if self.at_least else self.now <= self.bar


class Details(Struct, frozen=True):
    """A table of its own on the page: what stands behind a figure."""

    title: str
    header: list[str]
    rows: list[list[str]]
    text: str = ""


class Part(Struct, frozen=True):
    """All that one benchmark has measured."""

    figures: list[Figure]
    details: list[Details] = field(default_factory=list)


class Used(NamedTuple):
    """Processor seconds, user and system, and peak memory in MiB."""

    cpu: float
    peak: float


def process(command: Sequence[str | Path], *, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> Used:
    """What a process and its children used. Raises CalledProcessError if it fails."""
    with subprocess.Popen(command, cwd=cwd, env=env, stdout=subprocess.DEVNULL) as started:  # noqa: S603
        _, status, usage = os.wait4(started.pid, 0)
        started.returncode = os.waitstatus_to_exitcode(status)
    if started.returncode:
        raise subprocess.CalledProcessError(started.returncode, [str(word) for word in command])
    return Used(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * PEAK_UNIT / MIB)


class Ratio(NamedTuple):
    """Medians of both sides and of their ratio, taken pair by pair; `least` and `most` are the ratio's range."""

    one: float
    other: float
    ratio: float
    least: float
    most: float

    @property
    def note(self) -> str:
        """The range of the ratio, for `Figure.note`."""
        return f"{self.least:.2f} to {self.most:.2f}"


def paired(one: Callable[[], float], other: Callable[[], float], pairs: int = 5) -> Ratio:
    """Compare what two actions return, such as `process(...).cpu`: in turns, and each first in every second pair."""
    taken = []
    for number in range(pairs):
        if number % 2:
            second = other()
            taken.append((one(), second))
        else:
            taken.append((one(), other()))
    ratios = [first / second for first, second in taken]
    firsts, seconds = zip(*taken, strict=True)
    return Ratio(median(firsts), median(seconds), median(ratios), min(ratios), max(ratios))


@contextmanager
def before() -> Iterator[Path]:
    """The files of the commit `BEFORE`, unpacked. Raises CalledProcessError if the clone does not have it."""
    with tempfile.TemporaryDirectory() as folder:
        packed = Path(folder, "packed.tar")
        subprocess.run(["git", "archive", "--output", packed, BEFORE], cwd=ROOT, check=True)  # noqa: S603, S607
        unpacked = Path(folder, "before")
        unpacked.mkdir()
        subprocess.run(["tar", "-xf", packed, "-C", unpacked], check=True)  # noqa: S603, S607
        yield unpacked
