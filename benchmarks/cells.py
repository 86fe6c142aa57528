"""A million synthetic cells, from response bodies to flattened, counted, gzipped lines, by the CPU of whole processes.

Compared in turn: flatten.py, the script of a data engineer (peer.py, pandas), the floor (simdjson's parse without
objects, igzip of the same lines) and the code of before.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import msgspec

from benchmarks.figures import ROOT, Details, Figure, Part, Used, before, process
from benchmarks.synthetic import bodies

CELLS, PAIRS = 1_000_000, 5
GROWTH = (10_000, 100_000, 1_000_000, 10_000_000)
PARSE = "import sys, simdjson\nparser = simdjson.Parser()\nfor line in open(sys.argv[1], 'rb'):\n    parser.parse(line)"
NOTHING = "import simdjson"
UNZIP = (
    "import pathlib, sys\nfrom isal import igzip\npathlib.Path(sys.argv[2]).write_bytes(igzip.open(sys.argv[1]).read())"
)
BEFORE = """
import sys
from isal import igzip
from pipeline.source.responses import Header, read_page
from pipeline.table.flatten import Count
from pipeline.table.stream import Stream, StreamState
first, count = read_page(open(sys.argv[1], "rb").readline()), Count()
known = dict(table_id=first.table_id, frequency=first.frequency, vintage=first.vintage, total=int(sys.argv[3]))
header = Header(title="", **known)
stream = Stream(header, StreamState())
with igzip.open(sys.argv[2], "wb", compresslevel=1) as lines:
    for page in map(read_page, open(sys.argv[1], "rb")):
        lines.write(b"".join(count.lines(stream.add(page, 2000))))
    lines.write(b"".join(count.lines(stream.finish())))
"""
GZIP = """
import sys
from isal import igzip
with igzip.open(sys.argv[2], "wb", compresslevel=1) as lines, open(sys.argv[1], "rb") as flat:
    while block := flat.read(1 << 20):
        lines.write(block)
"""


def measure() -> Part:
    """Medians of five rounds, in each of which every side runs once; and one run of flatten.py at each size."""
    with tempfile.TemporaryDirectory() as temporary, before() as earlier:
        folder = Path(temporary)
        rounds = compare(folder, earlier)
        rows = list(grown(folder))
        taken = pieces(folder)

    def ratio(one: Callable[[dict[str, Used]], float]) -> tuple[float, str]:
        ratios = [one(costs) for costs in rounds]
        return median(ratios), f"{min(ratios):.3f} to {max(ratios):.3f}"

    cpu, cpu_note = ratio(lambda costs: costs["ours"].cpu / costs["peer"].cpu)
    paged, paged_note = ratio(lambda costs: costs["ours"].peak / costs["peer"].peak)
    whole, whole_note = ratio(lambda costs: costs["whole"].peak / costs["peer"].peak)
    floor, floor_note = ratio(lambda costs: costs["ours"].cpu / floor_of(costs))
    earlier_cpu, earlier_note = ratio(lambda costs: costs["ours"].cpu / costs["before"].cpu)
    least = median(map(floor_of, rounds))
    seconds = {name: median(costs[name].cpu for costs in rounds) for name in ("ours", "before", "peer")}
    title = "1M cells, bodies to gzipped lines"
    figures = [
        Figure(name=f"{title}: CPU against the pandas script", now=cpu, before="0.9", bar=0.12, note=cpu_note),
        Figure(name="the same, peak memory, page by page", now=paged, before="0.02", bar=0.05, note=paged_note),
        Figure(name="the same, peak memory, whole table", now=whole, before="0.31", bar=0.15, note=whole_note),
        Figure(
            name="the same CPU against the floor, imports included",
            now=floor,
            before="65",
            bar=5,
            note=f"{floor_note}; the pieces are below",
        ),
        Figure(name="the same CPU against the code before", now=earlier_cpu, bar=0.15, note=earlier_note),
        Figure(
            name="CPU of a million cells",
            now=seconds["ours"],
            unit="s",
            before=f"{seconds['before']:.1f} s",
            note=f"the pandas script {seconds['peer']:.1f} s",
        ),
    ]
    text = (
        "One run each. The last row is modelled: ten times the processor time of the row before it, in the same memory."
    )
    header = ["cells", "response bodies", "CPU", "peak memory"]
    where = Details(
        "Where the CPU of a million cells goes",
        ["piece", "CPU", "against the floor"],
        [[name, f"{cpu:.2f} s", f"{cpu / least:.2f}"] for name, cpu in taken.items()],
        "Medians of five runs with a clock around each piece. The floor is a parse and gzip alone; verification "
        "compares the digests and the sums.",
    )
    return Part(figures, [Details("How the cost grows with cells", header, rows, text), where])


def compare(folder: Path, earlier: Path) -> list[dict[str, Used]]:
    """The rounds: what each side used."""
    python, source, out = folder / "peer" / "bin" / "python", folder / "in", folder / "out"
    uv = ROOT / ".venv" / "bin" / "uv"
    process([uv, "venv", "--quiet", "--python", sys.executable, folder / "peer"])
    locked = ["--quiet", "--require-hashes", "-r", ROOT / "benchmarks" / "peer.txt"]
    process([uv, "--system-certs", "pip", "install", "--python", python, *locked])
    write_bodies(source, CELLS)
    ours = [sys.executable, ROOT / "benchmarks" / "flatten.py", source, out]
    process(ours)
    process([sys.executable, "-c", UNZIP, out, folder / "lines"])  # a child's peak counts its parent's pages at first
    commands: dict[str, list[str | Path]] = {
        "ours": ours,
        "whole": [*ours, "--whole"],
        "peer": [python, ROOT / "benchmarks" / "peer.py", source, out],
        "before": [sys.executable, "-c", BEFORE, source, out, str(CELLS)],
        "parse": [python, "-c", PARSE, source],
        "import": [python, "-c", NOTHING],
        "gzip": [sys.executable, "-c", GZIP, folder / "lines", out],
        "empty": [sys.executable, "-c", "from isal import igzip"],
    }
    environments = {"before": os.environ | {"PYTHONPATH": str(earlier / "functions")}}
    return [
        {name: process(command, env=environments.get(name)) for name, command in commands.items()} for _ in range(PAIRS)
    ]


def floor_of(costs: dict[str, Used]) -> float:
    """CPU seconds of parsing and compressing alone, without imports."""
    return costs["parse"].cpu - costs["import"].cpu + costs["gzip"].cpu - costs["empty"].cpu


def pieces(folder: Path) -> dict[str, float]:
    """Medians of what each piece of flattening the million cells in `folder` took, in seconds."""
    command = [sys.executable, ROOT / "benchmarks" / "pieces.py", folder / "in", folder / "out"]
    runs = [
        msgspec.json.decode(subprocess.check_output(command, stderr=subprocess.DEVNULL), type=dict[str, float])  # noqa: S603
        for _ in range(PAIRS)
    ]
    return {name: median(run[name] for run in runs) for name in runs[0]}


def grown(folder: Path) -> Iterator[list[str]]:
    """A row for each size."""
    source, out = folder / "grown", folder / "out"
    for cells in GROWTH:
        write_bodies(source, cells)
        used = process([sys.executable, ROOT / "benchmarks" / "flatten.py", source, out])
        size = source.stat().st_size / 1e6
        yield [f"{cells:,}", f"{size:,.1f} MB", f"{used.cpu:.2f} s", f"{used.peak:.0f} MiB"]
    yield [
        f"{10 * cells:,}",
        f"{10 * size:,.0f} MB",
        f"{10 * used.cpu:.0f} s, modelled",
        f"{used.peak:.0f} MiB, modelled",
    ]


def write_bodies(path: Path, cells: int) -> None:
    """One answer a line."""
    with path.open("wb") as pages:
        pages.writelines(body + b"\n" for body in bodies(cells))
