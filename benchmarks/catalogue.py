"""A whole catalogue on the laptop: `python -m benchmarks.catalogue [--tables 2500]`. Its tables are synthetic.

A first run, one in which nothing is new, one with a hundredth of the tables revised, one with three broken tables, one
in which the source goes down in the middle, and the one after it. After each, every published cell is compared with
the source's. Beside them the 16 recorded tables and a tenth of the synthetic ones are run twice, to compare with.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from msgspec.structs import replace
from pipeline.contracts.states import RunRequest
from pipeline.costs.plan import planned
from pipeline.run.plan import ALL

from benchmarks.figures import MIB, PEAK_UNIT, ROOT, Figure
from benchmarks.page import row
from local.cli.options import resolve
from local.cli.plan import published_sizes, setting
from local.cli.story import Story, load
from local.cloud.sql import athena
from local.cloud.sql.catalogue import PUBLISHED, data_files
from local.cloud.sql.catalogue import load as load_catalogue
from local.replay.server import Replay
from local.replay.synthetic import Synthetic, cut, gone, page_of_html
from tests.support.oracle import FREQUENCIES, source_cells

BATCH = 100  # tables compared at once
PARENT = json.loads((ROOT / "statemachine" / "pipeline.asl.json").read_text("utf-8"))["States"].keys()

BROKEN = {"TableNotFound": gone, "SourceIncomplete": cut, "SourceMalformed": page_of_html}
MEASURED = """
import atexit, json, pathlib, resource, sys
import local.cli.app
usage = pathlib.Path(sys.argv.pop(1))
def say():
    this, others = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu = [each.ru_utime + each.ru_stime for each in (this, others)]
    usage.write_text(json.dumps([*cpu, this.ru_maxrss]))
atexit.register(say)
local.cli.app.main()
"""


class Ran(NamedTuple):
    """One run: CPU seconds of the laptop's process and of the functions, its peak in MiB, requests to the source."""

    laptop: float
    functions: float
    peak: float
    minutes: float
    requests: int
    tables: list[dict[str, Any]]
    story: Story

    @property
    def cpu(self) -> float:
        return self.laptop + self.functions

    @property
    def transitions(self) -> int:
        """Of the execution itself, without those of its batches."""
        return sum(visit.times for visit in self.story.states if visit.name in PARENT)

    def count(self, status: str) -> int:
        """How many of the tables have this status."""
        return sum(table["status"] == status for table in self.tables)


class Lake:
    """A lake and the source that its runs download from."""

    def __init__(self, folder: Path, tables: Sequence[str], replay: Replay | None = None) -> None:
        self.folder, self.tables, self.replay = folder, tables, replay
        subprocess.run(self._command("set-list", "all", *tables), cwd=ROOT, check=True, stdout=subprocess.DEVNULL)  # noqa: S603

    def run(self, title: str, code: int = 0) -> Ran:
        """Run all tables. Raises RuntimeError if the command does not end with `code`."""
        usage, asked = self.folder.with_suffix(".usage"), len(self.replay.requests) if self.replay else 0
        source = ["--base-url", self.replay.url] if self.replay else []
        command = [sys.executable, "-P", "-c", MEASURED, usage, *self._command("run", *source, "--json")[1:]]
        began = time.monotonic()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
        minutes = (time.monotonic() - began) / 60
        if done.returncode != code:
            raise RuntimeError(f"{title} ended with {done.returncode}: {done.stderr[-2000:] or done.stdout[-2000:]}")
        laptop, functions, peak = json.loads(usage.read_text())
        requests = len(self.replay.requests) - asked if self.replay else 0
        result = json.loads(done.stdout)
        story = load(self.folder, result["run_id"])
        ran = Ran(laptop, functions, peak * PEAK_UNIT / MIB, minutes, requests, result["tables"], story)
        print(line(f"{title}, {len(self.tables):,} tables", ran), flush=True)  # noqa: T201
        return ran

    def _command(self, *words: str) -> list[str]:
        return [str(Path(sys.executable).with_name("singstat")), *words, "--lake", str(self.folder)]


def line(title: str, ran: Ran) -> str:
    """What one run took."""
    statuses = Counter(table["status"] for table in ran.tables)
    return (
        f"{title:<40}{ran.minutes:>6.1f} min{ran.laptop:>8.1f} s{ran.functions:>8.1f} s{ran.peak:>7.0f} MB"
        f"{ran.requests:>7,} requests{ran.transitions:>6,} transitions{ran.story.cost.usd:>9} USD  "
        + ", ".join(f"{number:,} {status}" for status, number in sorted(statuses.items()))
    )


def check(lake: Path, source: Synthetic, tables: Iterable[str] | None = None) -> int:
    """Compare the published cells with those of the source, by default of all tables; how many there are.

    Raises RuntimeError naming the tables that differ, or if a value is not the exact number of its text.
    """
    ids, cells, wrong = sorted(tables or source), 0, []
    for start in range(0, len(ids), BATCH):
        some = ids[start : start + BATCH]
        seen = published(lake, some)
        for table_id in some:
            expected = source_cells(source[table_id])
            cells += len(expected)
            if expected != seen[table_id]:
                wrong.append(f"{table_id}: {len(seen[table_id])} cells of {len(expected)}")
    for frequency in FREQUENCIES:
        sql = f"SELECT count(*) FROM {frequency} WHERE value IS DISTINCT FROM TRY_CAST(value_text AS decimal(38, 18))"  # noqa: S608
        if (inexact := athena.run(sql, PUBLISHED, [], lake).rows[0][0]) != "0":
            wrong.append(f"{inexact} values of {frequency}")
    if wrong:
        raise RuntimeError(f"published, but not what the source has: {'; '.join(wrong[:20])}")
    return cells


def published(lake: Path, tables: Sequence[str]) -> dict[str, list[list[str]]]:
    """The cells that readers see of some tables, as `source_cells` has them."""
    seen: dict[str, list[list[str]]] = defaultdict(list)
    for frequency in FREQUENCIES:
        place = "period_start" if frequency != "cross_sectional" else LEVELS
        sql = (
            f"SELECT table_id, series_no, series, unit, {place}, value_text FROM {frequency} "  # noqa: S608
            f"WHERE table_id BETWEEN '{tables[0]}' AND '{tables[-1]}'"
        )
        for table_id, *cell in athena.run(sql, PUBLISHED, [], lake).rows:
            seen[str(table_id)].append([str(each) for each in cell])
    for cells in seen.values():
        cells.sort()
    return seen


LEVELS = "array_join(filter(ARRAY[column_1, column_2, column_3, column_4, column_5], each -> each <> ''), ' / ')"


def scenes(number: int, folder: Path) -> Iterator[Figure]:
    """All runs, and the figures of the page."""
    recorded = Lake(folder / "recorded", resolve(RunRequest(list_name=ALL), folder))
    recorded.run("recorded, first")
    sixteen = recorded.run("recorded, unchanged")
    peaks = []
    for size in (number // 10, number):
        source = Synthetic(size)
        with Replay({}) as replay:
            replay.answer = source.answer
            lake = Lake(folder / f"synthetic-{size}", list(source), replay)
            first, unchanged = lake.run("first"), lake.run("unchanged")
            peaks.append(max(first.peak, unchanged.peak))
            if size == number:
                yield from quiet(lake, source, first, unchanged, sixteen)
                yield from troubled(lake, source)
    note = f"{peaks[1]:.0f} MiB, {peaks[0]:.0f} MiB"
    title = f"peak memory of the laptop, against {number // 10:,} tables"
    yield Figure(name=title, now=peaks[1] / peaks[0], bar=1.3, note=note)


def quiet(lake: Lake, source: Synthetic, first: Ran, unchanged: Ran, sixteen: Ran) -> Iterator[Figure]:
    """The first run, and the one that finds nothing new, against that of the 16 recorded tables."""
    cells, number = check(lake.folder, source), len(source)
    yield Figure(name=f"first run: minutes; {cells:,} cells compared", now=first.minutes, unit="min")
    yield Figure(name="first run: CPU per table", now=first.cpu / number, unit="s")
    yield Figure(name="unchanged: requests per table", now=unchanged.requests / number, bar=1)
    yield against("unchanged: CPU per table", unchanged.cpu / number, sixteen.cpu / 16, bar=0.25)
    yield against("the same outside the functions", unchanged.laptop / number, sixteen.laptop / 16)
    yield Figure(name="unchanged: modelled on AWS", now=usd(lake.folder, source), unit="USD", bar=0.06)
    yield from opened(lake.folder)


def opened(lake: Path) -> Iterator[Figure]:
    """The files that a query over all of a dataset opens: docs/decisions/0040."""
    datasets = load_catalogue(lake).databases[PUBLISHED]
    for frequency in FREQUENCIES:
        folders = datasets[frequency].partitions.values()
        sizes = [file.stat().st_size for folder in folders for file in data_files(lake, folder)]
        note = f"{len(sizes):,} files, {sum(sizes) / MIB:.0f} MiB, half of them at most {median(sizes):,.0f} bytes"
        yield Figure(name=f"{frequency}: files per table", now=len(sizes) / len(folders), note=note)


def against(name: str, one: float, sixteen: float, bar: float | None = None) -> Figure:
    """CPU seconds per table against those of the recorded tables."""
    note = f"{1000 * one:.0f} ms, of 16 recorded tables {1000 * sixteen:.0f} ms"
    return Figure(name=name, now=one / sixteen, bar=bar, note=note)


def troubled(lake: Lake, source: Synthetic) -> Iterator[Figure]:
    """What goes on in the life of a catalogue; raises RuntimeError if a run does not end as it should."""
    some = list(source)[1 :: len(source) // max(len(source) // 100, 1)][: max(len(source) // 100, 1)]
    source.revised = dict.fromkeys(some, 1)
    changed = lake.run("a hundredth revised")
    expect(changed.count("published") == len(some), "each revised table is published")
    check(lake.folder, source)
    yield Figure(name="a hundredth revised: state transitions of the parent", now=changed.transitions, bar=60)
    yield Figure(name="the same: modelled on AWS", now=usd(lake.folder, source, some), unit="USD", bar=0.15)
    series = [table for table in source if source[table].kind == "TS" and table not in some][:: len(source) // 5][:3]
    source.faults = dict(zip(series, BROKEN.values(), strict=True))
    before = dict(source.revised)
    source.revised |= dict.fromkeys(series, 1)
    found = {table["table_id"]: table["error"] for table in lake.run("three broken", code=1).tables if table["error"]}
    expect(found.keys() == set(series), f"three tables fail: {found}")
    source.revised = before
    check(lake.folder, source)
    source.faults = {}
    after = before | dict.fromkeys(some, 2)
    source.revised, source.up_for = after, len(source) // 2
    down = lake.run("the source goes down in the middle", code=1)
    kept = {table["table_id"] for table in down.tables if table["status"] in ("published", "unchanged")}
    expect(0 < len(kept) < len(source), f"{len(kept)} tables were downloaded")
    check(lake.folder, source, kept)
    source.revised = before
    check(lake.folder, source, source.keys() - kept)
    yield Figure(name="source down in the middle: requests after it", now=down.requests - len(source) // 2)
    source.revised, source.up_for = after, None
    lake.run("the next run")
    check(lake.folder, source)


def usd(lake: Path, tables: Iterable[str], revised: Collection[str] = ()) -> float:
    """What `singstat plan` says of a run that finds these tables revised."""
    sizes = published_sizes(lake, tables)
    known = [replace(size, published=table not in revised) for table, size in sizes.items()]
    return float(planned(known, setting(), revised=False).cost.usd)


def expect(true: bool, what: str) -> None:
    """Raises RuntimeError with `what` should be."""
    if not true:
        raise RuntimeError(f"not so: {what}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=2_500)
    with tempfile.TemporaryDirectory() as temporary:
        found = list(scenes(parser.parse_args().tables, Path(temporary)))
    for figure in found:
        print(" · ".join(filter(None, row(figure))))  # noqa: T201
