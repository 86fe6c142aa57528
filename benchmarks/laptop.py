"""`singstat run` of what is recorded: processor of the laptop outside its functions, against an earlier build.

Usage: python benchmarks/laptop.py [COMMIT] [PAIRS]. One run with an empty lake, then one in which no table has changed.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).parents[1]
TODAY = "0fa2a4e"
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


@contextmanager
def checkout(commit: str) -> Iterator[Path]:
    """The tree of a commit, in a folder that exists for the time being."""
    with TemporaryDirectory() as folder:
        tree = Path(folder, "tree").resolve()
        _run("git", "worktree", "add", "--quiet", "--detach", tree, commit, cwd=ROOT)
        try:
            yield tree
        finally:
            _run("git", "worktree", "remove", "--force", tree, cwd=ROOT)


def cpu(tree: Path, *tables: str, lake: Path) -> float:
    """CPU seconds of the laptop's process for one run."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(lake), "PYTHONPATH": f"{tree}:{tree / 'functions'}"}
    lake.mkdir(exist_ok=True)
    words = ("run", *tables, "--json", "--lake", lake)
    _run(sys.executable, "-P", "-c", MEASURED, tree, *words, cwd=tree, env=environment)
    return float((lake / "cpu").read_text())


def measure(tree: Path) -> dict[str, float]:
    """CPU seconds of each kind of run, in lakes of their own."""
    with TemporaryDirectory() as folder:
        small, lake = Path(folder, "small"), Path(folder, "lake")
        seconds = (cpu(tree, "M213801", lake=small), cpu(tree, lake=lake), cpu(tree, lake=lake))
    return dict(zip(BARS, seconds, strict=True))


def _run(*words: str | Path, **options: Any) -> None:
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, **options)  # noqa: S603


def main(commit: str = TODAY, pairs: str = "5") -> None:
    """Print the median of each side, and of their ratio pair by pair."""
    with checkout(commit) as before:
        for tree in (before, ROOT):
            measure(tree)  # byte code, and what a build keeps for later processes
        taken = [(measure(before), measure(ROOT)) for _ in range(int(pairs))]
    sys.stdout.write(
        f"figure | value | bar\nCPU of the laptop outside the functions, against {commit}, {pairs} pairs | |\n"
    )
    for name, bar in BARS.items():
        old, new = (median(side[name] for side in sides) for sides in zip(*taken, strict=True))
        ratio = median(now[name] / then[name] for then, now in taken)
        limit = f"<= {bar}" if bar else ""
        sys.stdout.write(f"{name}: {new:.1f} s against {old:.1f} s | {ratio:.2f} | {limit}\n")


main(*sys.argv[1:])
