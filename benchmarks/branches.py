"""Branch coverage of `functions/` and `ec2/`: `python -m benchmarks.branches [--keep] [PYTEST ARGUMENTS]`.

`--keep` adds to what earlier runs have measured. Functions and workers run in processes and environments of their own,
so while the tests run, every Python of this virtual environment is measured: run nothing else with it.
"""

import json
import os
import queue
import shutil
import subprocess
import sys
import sysconfig
import threading
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
MEASURED = ("functions", "ec2")
KEPT = ROOT / ".venv" / "coverage"
CONFIG, REPORT = KEPT / "coverage.toml", KEPT / "coverage.json"
START = Path(sysconfig.get_path("purelib")) / "a2_branches.pth"  # read after the one that makes the project importable
SETTINGS = f"""
[tool.coverage.run]
branch = true
parallel = true
patch = ["fork", "_exit"]
data_file = "{KEPT}/data"
include = ["{ROOT}/functions/*", "{ROOT}/ec2/*", "*/.instances/*/code/*"]
disable_warnings = ["no-data-collected"]
[tool.coverage.paths]
worker = ["{ROOT}/ec2", "*/code/ec2"]
functions = ["{ROOT}/functions", "*/code"]
"""
SAVING_SECONDS = 0.3


def measure() -> None:
    """Measure this process and those it forks."""
    os.environ["COVERAGE_PROCESS_START"] = str(CONFIG)
    import coverage  # noqa: PLC0415 - here, or it would be measured whenever this module is imported

    coverage.process_startup()
    kill = os.killpg

    def kill_once_saved(group: int, number: int) -> None:
        time.sleep(SAVING_SECONDS)
        kill(group, number)

    os.killpg = kill_once_saved
    if sys.orig_argv[-1].endswith("lambdas/worker.py"):
        queue.SimpleQueue = Saving  # type: ignore[misc]


class Saving(queue.SimpleQueue):  # type: ignore[type-arg]
    """The invocations of a function's process, which ends by SIGKILL: before it waits for one, it saves."""

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """The next invocation."""
        from coverage import Coverage  # noqa: PLC0415

        current = Coverage.current()
        if current and threading.current_thread() is threading.main_thread():
            current.save()
        return super().get(block, timeout)


def main(arguments: list[str]) -> int:
    """Run pytest and print which lines and branches have not run; pytest's exit code."""
    keep = "--keep" in arguments
    if not keep:
        shutil.rmtree(KEPT, ignore_errors=True)
    KEPT.mkdir(exist_ok=True)
    CONFIG.write_text(SETTINGS)
    START.write_text("import benchmarks.branches; benchmarks.branches.measure()\n")
    try:
        pytest = [sys.executable, "-m", "pytest", *(each for each in arguments if each != "--keep")]
        code = subprocess.run(pytest, cwd=ROOT, check=False).returncode  # noqa: S603
    finally:
        START.unlink()
    for command in (["combine", "--append"], ["report", "--show-missing", "--skip-covered"], ["json", "-o", REPORT]):
        words = [sys.executable, "-m", "coverage", *command, f"--rcfile={CONFIG}"]
        subprocess.run(words, cwd=ROOT, check=False)  # noqa: S603
    report = json.loads(REPORT.read_bytes())
    files = {path.relative_to(ROOT).as_posix() for folder in MEASURED for path in (ROOT / folder).rglob("*.py")}
    covered, branches = report["totals"]["covered_branches"], report["totals"]["num_branches"]
    print(f"{covered} of {branches} branches, {covered / branches:.1%}")  # noqa: T201
    print("not imported:", *sorted(files - report["files"].keys()))  # noqa: T201
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
