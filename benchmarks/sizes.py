"""What `make build` makes: the unzipped size of the functions' bundle and of the drawing layer."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import MIB, ROOT, Details, Figure, Part

BLOCK = 4096
SHOWN = 8


def measure() -> Part:
    """Sizes in MiB, in whole blocks as `du` counts them; not measured without the SAM CLI."""
    with tempfile.TemporaryDirectory() as temporary:
        built = Path(temporary, "built")
        try:
            build(built)
        except (subprocess.CalledProcessError, FileNotFoundError) as error:
            return Part([Figure(name="unzipped bundle and layer", now=None, note=f"no build: {type(error).__name__}")])
        bundle, layer = built / "PlanRunFunction", built / "DrawingLayer" / "python"
        figures = [
            Figure(name="unzipped bundle, with byte code", now=size(bundle), unit="MB", before="41", bar=20),
            Figure(name="unzipped layer, with byte code", now=size(layer), unit="MB", before="134", bar=110),
        ]
        return Part(
            figures, [Details("Largest packages", ["in", "package", "MB"], [*largest(bundle), *largest(layer)])]
        )


def build(folder: Path) -> None:
    """As `make build`. Raises CalledProcessError or FileNotFoundError without the SAM CLI or an index of packages."""
    given = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "SAM_CLI_TELEMETRY": "0"}
    finishing = ["python3.13", str(ROOT / "tools" / "finish_build.py"), str(folder)]
    for command in (["sam", "build", "--build-dir", str(folder)], finishing):
        subprocess.run(command, cwd=ROOT, env=given, check=True, capture_output=True)  # noqa: S603


def size(path: Path) -> float:
    """Of a file or of all files below a folder."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(-(-file.stat().st_size // BLOCK) * BLOCK for file in files) / MIB


def largest(folder: Path) -> Iterator[list[str]]:
    """Rows of the largest entries of a folder."""
    sizes = sorted(((size(path), path.name) for path in folder.iterdir()), reverse=True)
    place = "layer" if folder.name == "python" else "bundle"
    yield from ([place, f"`{name}`", f"{each:.1f}"] for each, name in sizes[:SHOWN])
