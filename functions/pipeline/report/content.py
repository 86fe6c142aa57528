"""What the report says: plain values, in the order in which the page shows them."""

from decimal import Decimal
from typing import Literal

from msgspec import Struct, field

from pipeline.costs.estimate import RunCost
from pipeline.frequency import Frequency

MAX_SERIES, MAX_REVISIONS, MAX_BARS, MAX_COLUMNS, MAX_FOOTNOTES = 20, 20, 15, 3, 12
Kind = Literal["revised", "deleted", "new"]


class Mark(Struct, frozen=True):
    """One number of a chart; `start` is the period's first day (ISO), "" for a bar. None: missing."""

    label: str
    start: str
    value: Decimal | None


class Chart(Struct, kw_only=True):
    """The headline series over time (`step`: months from one period to the next), or a column as bars (`step` 0).

    `before` are the marks as the vintage called `before_label` had them; none, when there is none.
    """

    name: str
    table: str
    unit: str
    step: int
    vintage: str
    marks: list[Mark]
    before_label: str = ""
    before: list[Mark] = field(default_factory=list)
    left_out: int = 0


class Drawing(Struct):
    """A chart as SVG text for wide and for narrow screens; what it shows in a name, a legend and in words."""

    name: str
    legend: str
    wide: str
    narrow: str
    words: str


class Cell(Struct, frozen=True):
    """A published cell: its text as it came, and the number that it is."""

    text: str
    value: Decimal | None


class Change(Struct, frozen=True):
    """How much a value differs from an earlier one; `percent` is rounded, None where it would mean little."""

    absolute: Decimal
    percent: Decimal | None


class Row(Struct):
    """A series in the table of values. `period` and `changes` only where there are periods."""

    series_no: str
    series: str
    unit: str
    cells: list[Cell]
    period: str = ""
    changes: list[Change | None] = field(default_factory=list)


class Values(Struct):
    """The first series, of `total`: their latest cells with changes, or their first columns."""

    columns: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    total: int = 0

    @property
    def period(self) -> str:
        """The period that all rows have; "" when they differ or have none."""
        periods = {row.period for row in self.rows}
        return periods.pop() if len(periods) == 1 else ""


class Revision(Struct, frozen=True):
    """A cell that differs. `old` or `new` is None where the vintage has no such cell."""

    series_no: str
    series: str
    cell: str
    kind: Kind
    old: Cell | None
    new: Cell | None


class Comparison(Struct):
    """A vintage against the one called `before`: all differences counted, the largest kept."""

    before: str
    counts: dict[Kind, int] = field(default_factory=lambda: {"revised": 0, "deleted": 0, "new": 0})
    largest: list[Revision] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(self.counts.values())


class Check(Struct, frozen=True):
    """A number as it was downloaded, and as Athena found it in the staged data."""

    what: str
    source: str
    athena: str
    equal: bool


class TableReport(Struct, kw_only=True):
    """A refreshed table. `whole` is False for one that is too large to be read here in full."""

    table_id: str
    title: str
    frequency: Frequency
    source_agency: str
    vintage: str
    fetched_at: str
    observations: int
    series: int
    footnotes: list[str]
    units: list[str]
    values: Values
    comparison: Comparison | None
    checks: list[Check]
    first: bool
    whole: bool
    in_workbook: bool
    drawing: Drawing | None


class Unchanged(Struct, frozen=True):
    table_id: str
    title: str
    vintage: str


class Failure(Struct, frozen=True):
    table_id: str
    error: str
    cause: str
    next_step: str


class Report(Struct, kw_only=True):
    run_id: str
    fetched_at: str
    tables: list[TableReport]
    unchanged: list[Unchanged]
    failed: list[Failure]
    cost: RunCost

    @property
    def verified(self) -> bool:
        """Whether every check of every table found equal numbers."""
        return all(check.equal for table in self.tables for check in table.checks)
