"""WriteReport of the 16 recorded tables, and of 16 synthetic ones revised in every cell, against the code before.

`python -m benchmarks.write_report FUNCTIONS BUCKET [RUN]` writes the report of a stored run without S3, by the code in
FUNCTIONS; without RUN it only imports that code.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.figures import ROOT, Figure, Part, before, paired, process

BAR = 0.4
TABLES = re.compile(r"range\(\d+\)\](?=\nSERIES)")
WITHOUT_FREQUENCY = '"title": "", "dataLastUpdated"'  # of the script before, whose pages are refused


def measure() -> Part:
    """Seven pairs of processes on one lake of the recorded tables, and five on synthetic ones."""
    with tempfile.TemporaryDirectory() as temporary, before() as earlier:
        lake = Path(temporary, "lake")
        process([Path(sys.executable).with_name("singstat"), "run", "--lake", lake])
        (bucket,) = {path.parents[2] for path in lake.glob("*/runs/*/published.json")}
        (run_id,) = (path.name for path in (bucket / "runs").iterdir())

        def recorded(tree: Path, *runs: str) -> float:
            environment = os.environ | {"MPLCONFIGDIR": temporary}
            return process(
                [sys.executable, "-m", "benchmarks.write_report", tree / "functions", bucket, *runs], env=environment
            ).cpu

        recorded(ROOT, run_id)  # matplotlib lists the fonts
        whole = paired(lambda: recorded(ROOT, run_id), lambda: recorded(earlier, run_id), 7)
        imports = paired(lambda: recorded(ROOT), lambda: recorded(earlier), 7)
        revised = paired(lambda: synthetic(ROOT), lambda: synthetic(earlier))
    now, then = whole.one - imports.one, whole.other - imports.other
    return Part(
        [
            Figure(
                name="WriteReport, the 16 recorded tables: CPU of the process against the code before",
                now=whole.ratio,
                before="1",
                bar=BAR,
                note=f"{whole.note}; {whole.one:.1f} s, before {whole.other:.1f} s",
            ),
            Figure(
                name="the same without imports, which a warm function has done",
                now=now / then,
                before="1",
                bar=BAR,
                note=f"medians; {now:.1f} s, before {then:.1f} s",
            ),
            Figure(
                name="WriteReport, 16 synthetic tables with 460,800 cells, all revised: CPU against the code before",
                now=revised.ratio,
                before="1",
                note=f"{revised.note}; {revised.one:.1f} s, before {revised.other:.1f} s",
            ),
        ]
    )


def synthetic(tree: Path) -> float:
    """CPU seconds of the report of report.py, without what prepares its input."""
    script = TABLES.sub("range(16)]", (tree / "benchmarks" / "report.py").read_text("utf-8"))
    script = script.replace(WITHOUT_FREQUENCY, '"title": "", "frequency": "Monthly", "dataLastUpdated"')
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{tree}:{tree / 'functions'}"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)  # noqa: S603
    return float(done.stdout.split(" tables: ")[1].split(" s CPU")[0])


def write(functions: str, bucket: str, *run_ids: str) -> None:
    """Write the reports of runs whose objects are files below `bucket`, by the code in `functions`."""
    sys.path.insert(0, functions)
    os.environ.update(dict.fromkeys(("DATA_BUCKET", "RESULTS_BUCKET", "AWS_DEFAULT_REGION"), "x"))
    import msgspec  # noqa: PLC0415 - from here on, by the code that is measured
    from pipeline.aws import data_bucket, results_bucket  # noqa: PLC0415
    from pipeline.costs.estimate import estimate  # noqa: PLC0415
    from pipeline.costs.usage import Usage  # noqa: PLC0415
    from pipeline.steps import report  # noqa: PLC0415

    data_bucket.read = lambda key, shape: msgspec.json.decode(Path(bucket, key).read_bytes(), type=shape)
    data_bucket.read_bytes = lambda key: Path(bucket, key).read_bytes()
    results_bucket.write = lambda key, body, kind: None
    for run_id in run_ids:
        report.write(run_id, str, estimate(Usage(transitions=700), "ap-southeast-1", "arm64"))


if __name__ == "__main__":
    write(*sys.argv[1:])
