"""The time axis of a chart, in years: the points of a line and the dates below it."""

import math
from collections.abc import Sequence
from datetime import date

from pipeline.report.content import Mark
from pipeline.report.series import YEAR, months

FEW_YEARS = 2.5  # at most: months are shown instead of years
YEAR_INTERVALS, MONTH_INTERVALS = (1, 2, 5, 10, 20, 50, 100), (1, 3, 6, 12)


def start_year(mark: Mark) -> float:
    """The start of a mark's period as a decimal year."""
    return months(mark.start) / YEAR


def line_points(marks: Sequence[Mark], step: int) -> tuple[list[float], list[float]]:
    """Decimal years and values; NaN, a gap in the line, where a value or a period of `step` months is missing."""
    x, y = list[float](), list[float]()
    for earlier, mark in zip([*marks[:1], *marks], marks, strict=False):
        if months(mark.start) - months(earlier.start) > step:
            x.append(start_year(earlier) + step / YEAR)
            y.append(math.nan)
        x.append(start_year(mark))
        y.append(math.nan if mark.value is None else float(mark.value))
    return x, y


def date_ticks(low: float, high: float, limit: int) -> tuple[list[float], list[str]]:
    """Positions and labels of round years between two decimal years, roughly `limit`; of months in a short range."""
    if high - low > FEW_YEARS:
        interval = _interval(YEAR_INTERVALS, high - low, max(limit, 4))
        years = [year for year in range(math.ceil(low), math.floor(high) + 1) if year % interval == 0]
        return [float(year) for year in years], [str(year) for year in years]
    interval = _interval(MONTH_INTERVALS, (high - low) * YEAR, max(limit - 2, 2))
    ticks = [month for month in range(math.ceil(low * YEAR), math.floor(high * YEAR) + 1) if month % interval == 0]
    return [month / YEAR for month in ticks], [f"{date(m // YEAR, m % YEAR + 1, 1):%b %Y}" for m in ticks]


def _interval(intervals: Sequence[int], length: float, limit: int) -> int:
    """The shortest interval that divides `length` into at most `limit` parts."""
    return next((interval for interval in intervals if length / interval <= limit), intervals[-1])
