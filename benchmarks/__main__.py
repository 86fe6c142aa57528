"""Measure all of docs/performance.md, or the named parts of it: `python -m benchmarks [PART ...]`, `make bench`."""

import os
import platform
import sys
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.page import RESULTS, Measured, load, row, store

PARTS = {
    "cells": "benchmarks.cells",
    "worker": "benchmarks.worker",
    "laptop": "benchmarks.laptop",
    "report": "benchmarks.write_report",
    "export": "benchmarks.export",
    "imports": "benchmarks.imports",
    "sizes": "benchmarks.sizes",
    "cost": "benchmarks.cost",
}
PACKAGES = ("boto3", "msgspec", "isal", "urllib3", "pandas", "pyarrow", "matplotlib", "xlsxwriter", "duckdb")


def main(names: list[str]) -> None:
    """Measure one part after the other; each is stored as soon as it is measured."""
    if unknown := [name for name in names if name not in PARTS]:
        sys.exit(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    results = load() if RESULTS.exists() else {}
    for name in names or PARTS:
        sys.stdout.write(f"{name} ...\n")
        part = import_module(PARTS[name]).measure()
        results[name] = Measured(f"{datetime.now(UTC):%Y-%m-%d}", machine(), part)
        store({each: results[each] for each in PARTS if each in results})
        for figure in part.figures:
            sys.stdout.write(f"  {' · '.join(filter(None, row(figure)))}\n")
        sys.stdout.flush()


def machine() -> str:
    """The processor, its cores, Python and the packages that are measured or compared with."""
    packages = ", ".join(filter(None, map(_version, PACKAGES)))
    return (
        f"{os.cpu_count()} cores of {_processor()}, {platform.system()}, Python {platform.python_version()}, {packages}"
    )


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    lines = information.read_text("utf-8").splitlines() if information.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def _version(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return ""


if __name__ == "__main__":
    main(sys.argv[1:])
