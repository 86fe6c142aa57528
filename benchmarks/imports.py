"""Importing each function, with byte code and with its packages alone, against importing boto3."""

import compileall
import os
import shutil
import site
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from benchmarks.figures import ROOT, Details, Figure, Part, Ratio, paired, process

BAR = 1.3
DRAWING = {"write_report", "cost_report"}


def measure() -> Part:
    """A ratio for each function; the figure is the largest of those that do not draw."""
    with tempfile.TemporaryDirectory() as folder:
        code = Path(folder, "code")
        shutil.copytree(ROOT / "functions", code, ignore=shutil.ignore_patterns("__pycache__"))
        compileall.compile_dir(code, quiet=1)
        given = variables() | {"PYTHONPATH": f"{code}:{site.getsitepackages()[0]}", "MPLCONFIGDIR": folder}
        ratios = {name: compare(name, given) for name in sorted(path.stem for path in code.glob("*.py"))}
    rows = [
        [f"`{name}`", f"{each.one * 1000:.0f} ms", f"{each.other * 1000:.0f} ms", f"{each.ratio:.2f}"]
        for name, each in ratios.items()
    ]
    worst = max(ratios.keys() - DRAWING, key=lambda name: ratios[name].ratio)
    drawing = max(DRAWING, key=lambda name: ratios[name].ratio)
    title = "import of a function against boto3 alone, CPU"
    figures = [
        Figure(name=f"{title}; `{worst}`", now=ratios[worst].ratio, before="2.2", bar=BAR, note=ratios[worst].note),
        Figure(
            name=f"the same of the two that draw; `{drawing}`",
            now=ratios[drawing].ratio,
            bar=BAR,
            note=f"{ratios[drawing].note}; the first chart then loads matplotlib",
        ),
    ]
    return Part(figures, [Details("Imports", ["function", "CPU", "boto3 alone", "ratio"], rows)])


def compare(name: str, given: dict[str, str]) -> Ratio:
    """Five pairs of fresh interpreters."""

    def importing(module: str) -> float:
        return process([sys.executable, "-S", "-c", f"import {module}"], env=given).cpu

    importing(name)  # the first reads the files from the disk
    return paired(partial(importing, name), partial(importing, "boto3"))


def variables() -> dict[str, str]:
    """Every environment variable of a function in the template, with a value that each of them takes."""
    resources = yaml_parse((ROOT / "template.yaml").read_text("utf-8"))["Resources"].values()
    bodies: list[dict[str, Any]] = [body.get("Properties", {}) for body in resources if isinstance(body, dict)]
    names = {name for body in bodies if "Handler" in body for name in body.get("Environment", {}).get("Variables", {})}
    return {"PATH": os.environ["PATH"], "AWS_DEFAULT_REGION": "us-east-1"} | dict.fromkeys(names, "1")
