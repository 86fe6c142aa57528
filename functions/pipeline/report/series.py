"""One series: its cells, its periods, its latest value and the changes of that value."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

from pipeline.frequency import Frequency
from pipeline.report.content import ROUNDED, Cell, Change, Mark, Row
from pipeline.table.observations import Observation
from pipeline.table.values import EXACT, read_value

TENTH = Decimal("0.1")
STEPS: dict[Frequency, int] = {"monthly": 1, "quarterly": 3, "half_yearly": 6, "yearly": 12, "cross_sectional": 0}
STEP_NAMES = {1: "month", 3: "quarter", 6: "half-year", 12: "year"}
YEAR, USUAL_MONTHS, FEW_CHANGES = 12, 120, 3
PERCENT_UNITS = ("per cent", "percent", "%")

Series = Sequence[Observation]


def cell_name(observation: Observation) -> str:
    """A cell's name within its series, as in the `revisions` view: its period, or its column levels."""
    if observation.period:
        return observation.period
    columns = (observation.column_1, observation.column_2, observation.column_3, observation.column_4)
    return " / ".join(name for name in (*columns, observation.column_5) if name)


def parse_cell(text: str) -> Cell:
    """The cell with this text."""
    _, number = read_value(text)
    return Cell(text, Decimal(number) if number else None)


def marks(series: Series) -> list[Mark]:
    """The marks of a time series, one per period."""
    return [Mark(each.period, each.period_start, parse_cell(each.value_text).value) for each in series]


def months(start: str) -> int:
    """An ISO date as months since year 0."""
    return int(start[:4]) * YEAR + int(start[5:7]) - 1


def step(series: Series, frequency: Frequency) -> int:
    """Months between periods. A yearly table may skip years, so there it is the smallest gap."""
    if frequency != "yearly":
        return STEPS[frequency]
    starts = [months(each.period_start) for each in series]
    return min((later - earlier for earlier, later in pairwise(starts)), default=YEAR)


def change_names(step: int) -> list[str]:
    """The column headings of the changes, for periods `step` months apart."""
    if step > YEAR:
        return [f"change on {step // YEAR} years"]
    return [f"change on the {STEP_NAMES[each]}" for each in dict.fromkeys((step, YEAR))]


def latest(series: Series, step: int) -> Row:
    """The latest period of a time series, with its changes on the previous period and on the same period a year ago.

    A change is None if either value is missing; nothing is carried forward.
    """
    by_month = {months(each.period_start): each for each in series}
    now = max(by_month)
    last = by_month[now]
    cell = parse_cell(last.value_text)
    earlier = [by_month.get(now - lag) for lag in ([step] if step >= YEAR else [step, YEAR])]
    changes = [change(cell, parse_cell(other.value_text), last.unit) if other else None for other in earlier]
    return Row(last.series_no, last.series, last.unit, [cell], last.period, changes)


def size(series: Series, step: int) -> Decimal | None:
    """The latest change on the year in multiples of the usual one, the median of the ten years before, signs aside.

    In per cent where all of these changes have one. `Infinity` if the usual change is none; None if the latest value
    has no change, or fewer than three came before it.
    """
    cells = {months(each.period_start): parse_cell(each.value_text) for each in series}
    lag, last = max(step, YEAR), max(cells)
    found = {month: change(cells[month], cells[month - lag], series[0].unit) for month in cells if month - lag in cells}
    recent = {month: each for month, each in found.items() if each and month >= last - USUAL_MONTHS}
    if last not in recent or len(recent) <= FEW_CHANGES:
        return None
    percents = {month: abs(each.percent) for month, each in recent.items() if each.percent is not None}
    sizes = percents if len(percents) == len(recent) else {month: abs(each.absolute) for month, each in recent.items()}
    now = sizes.pop(last)
    usual = sorted(sizes.values())[len(sizes) // 2]
    return ROUNDED.divide(now, usual) if usual else Decimal("Infinity" if now else 0)


def columns(series: Series, names: Sequence[str]) -> Row:
    """The named columns of a cross-sectional series."""
    texts = {cell_name(each): each.value_text for each in series}
    cells = [parse_cell(texts.get(name, "")) for name in names]
    return Row(series[0].series_no, series[0].series, series[0].unit, cells)


def is_percentage(unit: str) -> bool:
    """Whether values in this unit are percentages, so that their differences are points."""
    return any(word in unit.lower() for word in PERCENT_UNITS)


def change(now: Cell, before: Cell, unit: str) -> Change | None:
    """The exact difference; also in per cent, unless a value is negative, the base zero or the unit itself per cent."""
    if now.value is None or before.value is None:
        return None
    absolute = EXACT.subtract(now.value, before.value)
    if before.value <= 0 or now.value < 0 or is_percentage(unit):
        return Change(absolute, None)
    percent = ROUNDED.divide(ROUNDED.multiply(absolute, Decimal(100)), before.value)
    return Change(absolute, percent.quantize(TENTH, ROUND_HALF_UP, context=ROUNDED))
