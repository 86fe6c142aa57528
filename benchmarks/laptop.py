"""`singstat run` of what is recorded: processor of the laptop outside its functions, against the code before.

One run of a small table, one of all tables with an empty lake, and one in which no table has changed.
"""

import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.figures import ROOT, Figure, Part, before

PAIRS = 5
# The functions are children of another process, which the laptop starts: RUSAGE_SELF leaves them out.
MEASURED = """
import atexit, pathlib, resource, sys
import local.cli.app
assert pathlib.Path(local.cli.app.__file__).is_relative_to(sys.argv.pop(1)), "another build is measured"
def say():
    used = resource.getrusage(resource.RUSAGE_SELF)
    pathlib.Path(sys.argv[-1], "cpu").write_text(str(used.ru_utime + used.ru_stime))
atexit.register(say)
local.cli.app.main()
"""
BARS = {"one small table, first": None, "all that is recorded, first": 0.6, "all that is recorded, unchanged": 0.5}


def measure() -> Part:
    """Five pairs. What a build keeps for later processes, its byte code and translated template, is there already."""
    with before() as earlier:
        for tree in (earlier, ROOT):
            runs(tree)
        taken = [(runs(ROOT), runs(earlier)) for _ in range(PAIRS)]
    figures = []
    for name, bar in BARS.items():
        ratios = [now[name] / then[name] for now, then in taken]
        seconds = [median(side[name] for side in sides) for sides in zip(*taken, strict=True)]
        note = f"{min(ratios):.2f} to {max(ratios):.2f}; {seconds[0]:.1f} s, before {seconds[1]:.1f} s"
        title = f"`singstat run`, {name}: CPU outside the functions, against before"
        figures.append(Figure(name=title, now=median(ratios), bar=bar, note=note))
    return Part(figures)


def runs(tree: Path) -> dict[str, float]:
    """CPU seconds of each kind of run, in lakes of their own."""
    with TemporaryDirectory() as folder:
        small, lake = Path(folder, "small"), Path(folder, "lake")
        seconds = (cpu(tree, "M213801", lake=small), cpu(tree, lake=lake), cpu(tree, lake=lake))
    return dict(zip(BARS, seconds, strict=True))


def cpu(tree: Path, *tables: str, lake: Path) -> float:
    """CPU seconds of the laptop's process for one run."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(lake), "PYTHONPATH": f"{tree}:{tree / 'functions'}"}
    lake.mkdir(exist_ok=True)
    command = [sys.executable, "-P", "-c", MEASURED, tree, "run", *tables, "--json", "--lake", lake]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=tree, env=environment)  # noqa: S603
    return float((lake / "cpu").read_text())
