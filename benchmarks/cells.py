"""A million synthetic cells, from response bodies to flattened, counted, gzipped lines: `cells.py [PAIRS] [BASE]`.

Compares, in turn and by the CPU seconds of whole processes: flatten.py, the script of a data engineer (peer.py,
pandas), the floor (simdjson's parse without objects, igzip of the same lines) and the code of the commit BASE.
"""

import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from isal import igzip

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.synthetic import bodies  # noqa: E402
from benchmarks.work_tree import work_tree  # noqa: E402

CELLS, PAIRS, BASE = 1_000_000, 5, "0fa2a4e"
KIB_PER_MIB = 1024 if sys.platform == "linux" else 1 << 20
PARSE = "import sys, simdjson\nparser = simdjson.Parser()\nfor line in open(sys.argv[1], 'rb'):\n    parser.parse(line)"
NOTHING = "import simdjson"
AT_BASE = """
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


class Cost(NamedTuple):
    """What a process took."""

    cpu: float
    mib: float


def run(command: Sequence[str | Path], pythonpath: Path | None = None) -> Cost:
    """Run a process to its end."""
    environment = os.environ | ({"PYTHONPATH": str(pythonpath)} if pythonpath else {})
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)  # noqa: S603
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command} ended with {process.returncode}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / KIB_PER_MIB)


def prepare(folder: Path) -> None:
    """The input, its lines and an environment with pandas."""
    uv = ROOT / ".venv" / "bin" / "uv"
    run([uv, "venv", "--quiet", "--python", sys.executable, folder / "peer"])
    locked = ["--quiet", "--require-hashes", "-r", ROOT / "benchmarks" / "peer.txt"]
    run([uv, "pip", "install", "--python", folder / "peer" / "bin" / "python", *locked])
    with (folder / "in").open("wb") as pages:
        pages.writelines(body + b"\n" for body in bodies(CELLS))
    run([sys.executable, ROOT / "benchmarks" / "flatten.py", folder / "in", folder / "out"])
    (folder / "lines").write_bytes(igzip.decompress((folder / "out").read_bytes()))


def measure(folder: Path, base: Path, pairs: int) -> list[str]:
    """The rows of the result: figure, value, bar."""
    peer_python, source, out = folder / "peer" / "bin" / "python", folder / "in", folder / "out"
    ours = [sys.executable, ROOT / "benchmarks" / "flatten.py", source, out]
    commands: dict[str, list[str | Path]] = {
        "ours": ours,
        "whole": [*ours, "--whole"],
        "peer": [peer_python, ROOT / "benchmarks" / "peer.py", source, out],
        "parse": [peer_python, "-c", PARSE, source],
        "import": [peer_python, "-c", NOTHING],
        "gzip": [sys.executable, "-c", GZIP, folder / "lines", out],
        "empty": [sys.executable, "-c", "from isal import igzip"],
    }
    rounds = []
    for _ in range(pairs):
        costs = {name: run(command) for name, command in commands.items()}
        at_base = [sys.executable, "-c", AT_BASE, source, out, str(CELLS)]
        costs["base"] = run(at_base, base / "functions")
        rounds.append(costs)

    def against(one: str, other: str, of: int = 0) -> float:
        return median(costs[one][of] / costs[other][of] for costs in rounds)

    def floor(costs: dict[str, Cost]) -> float:
        return costs["parse"].cpu - costs["import"].cpu + costs["gzip"].cpu - costs["empty"].cpu

    seconds = {name: median(costs[name].cpu for costs in rounds) for name in commands | {"base": []}}
    of_floor = median(costs["ours"].cpu / floor(costs) for costs in rounds)
    return [
        f"1M cells to gzipped lines, CPU against the pandas script | {against('ours', 'peer'):.3f} | <= 0.12",
        f"the same, peak memory, page by page | {against('ours', 'peer', 1):.3f} | <= 0.05",
        f"the same, peak memory, whole table | {against('whole', 'peer', 1):.3f} | <= 0.15",
        f"CPU against the floor, imports included | {of_floor:.1f} | <= 5",
        f"CPU against {BASE} | {against('ours', 'base'):.3f} | <= 0.15",
        f"CPU s: ours, whole, pandas, {BASE} | "
        + ", ".join(f"{seconds[name]:.1f}" for name in ("ours", "whole", "peer", "base"))
        + " | none",
    ]


def main(pairs: int = PAIRS, base: str = BASE) -> None:
    """Print the machine and the rows."""
    with tempfile.TemporaryDirectory() as temporary, work_tree(base) as earlier:
        prepare(Path(temporary))
        rows = measure(Path(temporary), earlier, pairs)
    sys.stdout.write(
        f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores, {pairs} pairs\n"
    )
    sys.stdout.write("\n".join(["figure | value | bar", *rows]) + "\n")


if __name__ == "__main__":
    main(*(kind(text) for kind, text in zip((int, str), sys.argv[1:], strict=False)))
