"""Two comparisons on this machine: flattening against the standard library, a handler's import against boto3."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from pipeline.source.responses import Header, read_page
from pipeline.table.flatten import Count
from pipeline.table.observations import Table

ROOT = Path(__file__).parents[1]
BODY = (ROOT / "local" / "replay" / "recordings" / "responses" / "M213801.tabledata.json").read_bytes()
ROUNDS = 15
VARIABLES = ("DATA_BUCKET", "PUBLISHED_DATABASE", "STAGED_DATABASE", "SOURCE_URL", "USER_AGENT", "AWS_DEFAULT_REGION")


def ours() -> int:
    """A recorded body to flattened lines and a manifest's counts."""
    page = read_page(BODY)
    header = Header(
        table_id="M213801",
        title="",
        frequency="yearly",
        vintage=page.vintage or sys.exit("the recording has no vintage"),
        total=None,
    )
    table = Table(header)
    table.add(page)
    return len(b"".join(Count().lines(table.observations())))


def standard_library() -> int:
    """The same body to lines as one writes it at first: no types, no checks, no sums."""
    rows = json.loads(BODY)["Data"]["row"]
    lines = [
        json.dumps({"series_no": row["seriesNo"], "series": row["rowText"], **column})
        for row in rows
        for column in row["columns"]
    ]
    return len("\n".join(lines))


def importing(modules: str) -> Callable[[], int]:
    numbers = {"BACKOFF_SECONDS": "1", "LARGE_TABLE_CELLS": "1000000"}
    environment = {"PATH": os.environ["PATH"], **numbers, **dict.fromkeys(VARIABLES, "x")}
    command = [sys.executable, "-c", f"import {modules}"]
    return lambda: subprocess.run(command, check=True, cwd=ROOT / "functions", env=environment).returncode  # noqa: S603


def compare(name: str, one: Callable[[], int], other: Callable[[], int]) -> None:
    """Print the median of `one` and of `other` in ms, and of their ratio, taken pair by pair."""
    pairs = [(_seconds(one), _seconds(other)) for _ in range(ROUNDS)]
    first, second = (median(side) * 1000 for side in zip(*pairs, strict=True))
    ratio = median(a / b for a, b in pairs)
    sys.stdout.write(f"{name}: {first:.1f} ms against {second:.1f} ms, ratio {ratio:.2f}\n")


def _seconds(action: Callable[[], int]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


compare("3,036 recorded cells: checked and typed, against json and dicts", ours, standard_library)
compare("process that imports download_table, against boto3", importing("download_table"), importing("boto3"))
