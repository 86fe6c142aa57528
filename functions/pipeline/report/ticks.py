"""Periods as places on an axis, in years, and the dates that stand below it."""

import math
from collections.abc import Sequence
from datetime import date

from pipeline.report.content import Mark
from pipeline.report.series import YEAR, months

FEW_YEARS = 2.5
STEPS_OF_YEARS, STEPS_OF_MONTHS = (1, 2, 5, 10, 20, 50, 100), (1, 3, 6, 12)


def at(mark: Mark) -> float:
    """Where a period begins."""
    return months(mark.start) / YEAR


def broken(marks: Sequence[Mark], step: int) -> tuple[list[float], list[float]]:
    """Places and numbers; NaN where a value, or a whole period of `step` months, is missing: a line breaks there."""
    x, y = list[float](), list[float]()
    for earlier, mark in zip([*marks[:1], *marks], marks, strict=False):
        if months(mark.start) - months(earlier.start) > step:
            x.append(at(earlier) + step / YEAR)
            y.append(math.nan)
        x.append(at(mark))
        y.append(math.nan if mark.value is None else float(mark.value))
    return x, y


def date_ticks(low: float, high: float, most: int) -> tuple[list[float], list[str]]:
    """At most so many round years, or months where it is a matter of few years, and their names."""
    if high - low > FEW_YEARS:
        every = _first(STEPS_OF_YEARS, high - low, max(most, 4))
        years = [year for year in range(math.ceil(low), math.floor(high) + 1) if year % every == 0]
        return [float(year) for year in years], [str(year) for year in years]
    every = _first(STEPS_OF_MONTHS, (high - low) * YEAR, max(most - 2, 2))
    ticks = [month for month in range(math.ceil(low * YEAR), math.floor(high * YEAR) + 1) if month % every == 0]
    return [month / YEAR for month in ticks], [f"{date(m // YEAR, m % YEAR + 1, 1):%b %Y}" for m in ticks]


def _first(steps: Sequence[int], length: float, most: int) -> int:
    return next((step for step in steps if length / step <= most), steps[-1])
