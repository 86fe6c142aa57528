"""Documented examples: a table of inputs, answers and sources for each part of AWS that the laptop reproduces."""

import csv
from pathlib import Path

FOLDER = Path(__file__).parent
REFUSED = "not on the laptop"


def rows(part: str) -> list[dict[str, str]]:
    with (FOLDER / f"{part}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
