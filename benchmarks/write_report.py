"""WriteReport for 16 synthetic tables: what report.py measures, against what it measures of the code before."""

import os
import re
import subprocess
import sys
from pathlib import Path

from benchmarks.figures import ROOT, Figure, Part, before, paired

BAR = 0.4
TABLES = re.compile(r"range\(\d+\)\](?=\nSERIES)")
WITHOUT_FREQUENCY = '"title": "", "dataLastUpdated"'  # of the script before, whose pages are refused


def measure() -> Part:
    """Five pairs."""
    with before() as earlier:
        ratio = paired(lambda: cpu(ROOT), lambda: cpu(earlier))
    note = f"{ratio.note}; {ratio.one:.1f} s, before {ratio.other:.1f} s"
    return Part(
        [Figure(name="WriteReport, 16 tables: CPU against the code before", now=ratio.ratio, bar=BAR, note=note)]
    )


def cpu(tree: Path) -> float:
    """CPU seconds of the report, without what prepares its input."""
    script = TABLES.sub("range(16)]", (tree / "benchmarks" / "report.py").read_text("utf-8"))
    script = script.replace(WITHOUT_FREQUENCY, '"title": "", "frequency": "Monthly", "dataLastUpdated"')
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{tree}:{tree / 'functions'}"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)  # noqa: S603
    return float(done.stdout.split(" tables: ")[1].split(" s CPU")[0])
