"""What the page says of a table's series: the headline series, the latest values and how they changed."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from itertools import pairwise

from pipeline.frequency import Frequency
from pipeline.report.content import Cell, Change, Mark, Row
from pipeline.table.manifest import EXACT
from pipeline.table.observations import Observation
from pipeline.table.values import read_value

ROUGH = Context(prec=80)
TENTH = Decimal("0.1")
STEPS: dict[Frequency, int] = {"monthly": 1, "quarterly": 3, "half_yearly": 6, "yearly": 12, "cross_sectional": 0}
STEP_NAMES = {1: "month", 3: "quarter", 6: "half-year", 12: "year"}
YEAR = 12
NO_CELL = Cell("", None)
PER_CENT = ("per cent", "percent", "%")


def levels(observation: Observation) -> tuple[str, ...]:
    """The columns that a cell of a cross-sectional table stands under, from the outermost."""
    columns = (observation.column_1, observation.column_2, observation.column_3, observation.column_4)
    return tuple(name for name in (*columns, observation.column_5) if name)


def place(observation: Observation) -> str:
    """What a cell is called within its series, as in `revisions`."""
    return observation.period or " / ".join(levels(observation))


def cell(observation: Observation) -> Cell:
    return Cell(observation.value_text, Decimal(observation.value) if observation.value else None)


def cell_of(text: str) -> Cell:
    """A cell of which only the text was kept."""
    _, number = read_value(text)
    return Cell(text, Decimal(number) if number else None)


def marks(series: Sequence[Observation]) -> list[Mark]:
    """A series as the marks of a line."""
    return [Mark(each.period, each.period_start, cell(each).value) for each in series]


def months(start: str) -> int:
    """An ISO day as a number of months."""
    return int(start[:4]) * YEAR + int(start[5:7]) - 1


def step(series: Sequence[Observation], frequency: Frequency) -> int:
    """Months from one period to the next: the smallest distance, for a yearly table may come every fifth year."""
    if frequency != "yearly":
        return STEPS[frequency]
    starts = [months(each.period_start) for each in series]
    return min((later - earlier for earlier, later in pairwise(starts)), default=YEAR)


def change_names(months_apart: int) -> list[str]:
    """The headings of the changes in a table whose periods are so far apart."""
    if months_apart > YEAR:
        return [f"change on {months_apart // YEAR} years"]
    return [f"change on the {STEP_NAMES[each]}" for each in dict.fromkeys((months_apart, YEAR))]


def latest(series: Sequence[Observation], months_apart: int) -> Row:
    """The last period of a series, with its changes on the period before and on the same period a year before.

    A change is None where one of the two values is missing or not there: nothing is carried over.
    """
    by_month = {months(each.period_start): each for each in series}
    now = max(by_month)
    last = by_month[now]
    earlier = [by_month.get(now - back) for back in _distances(months_apart)]
    changes = [change(cell(last), cell(other), last.unit) if other else None for other in earlier]
    return Row(last.series_no, last.series, last.unit, [cell(last)], last.period, changes)


def change(now: Cell, before: Cell, unit: str) -> Change | None:
    """The exact difference; also in per cent of a positive number, unless the numbers are per cent themselves."""
    if now.value is None or before.value is None:
        return None
    absolute = EXACT.subtract(now.value, before.value)
    if before.value <= 0 or any(word in unit.lower() for word in PER_CENT):
        return Change(absolute, None)
    percent = ROUGH.divide(ROUGH.multiply(absolute, Decimal(100)), before.value)
    return Change(absolute, percent.quantize(TENTH, ROUND_HALF_UP, context=ROUGH))


def _distances(months_apart: int) -> list[int]:
    return [months_apart] if months_apart >= YEAR else [months_apart, YEAR]
