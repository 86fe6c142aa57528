"""What the report shows, in the order of the page."""

from decimal import Context, Decimal

from msgspec import Struct, field

from pipeline.costs.estimate import RunCost
from pipeline.errors import Failure
from pipeline.frequency import Frequency
from pipeline.publication.identity import Change as LabelKind
from pipeline.publication.identity import LabelChange
from pipeline.publication.revisions import Kind
from pipeline.table.values import EXACT

MAX_SERIES, MAX_REVISIONS, MAX_BARS, MAX_COLUMNS, MAX_FOOTNOTES = 20, 20, 15, 3, 12
MAX_MOVES, MAX_ON_ONE_PAGE, MAX_TABLES, MAX_FAILURES, MAX_MARKS = 6, 30, 300, 50, 121
ROUNDED = Context(prec=80)


class Mark(Struct, frozen=True):
    """One value of a chart; None if missing. `start` is the first day of the period (ISO), "" for a bar."""

    label: str
    start: str
    value: Decimal | None


class Chart(Struct, kw_only=True):
    """A line chart of one series, or a bar chart of one column of a cross-sectional table.

    `step` is the number of months between periods, 0 for bars. `previous` holds the same marks in the vintage named
    `previous_label`; both are empty for a first vintage. `earlier` holds those of still older vintages, newest first.
    `omitted` counts the bars beyond `MAX_BARS`.
    """

    name: str
    table: str
    unit: str
    step: int
    vintage: str
    column: str = ""
    marks: list[Mark] = field(default_factory=list)
    previous_label: str = ""
    previous: list[Mark] = field(default_factory=list)
    earlier: list[list[Mark]] = field(default_factory=list)
    omitted: int = 0


class Cell(Struct, frozen=True):
    """A published cell: its verbatim text, and its number unless that text is a marker."""

    text: str
    value: Decimal | None


class Change(Struct, frozen=True):
    """A difference in the series' unit. `percent` is rounded; None where a percentage would be misleading."""

    absolute: Decimal
    percent: Decimal | None


class Row(Struct):
    """A series in the table of values. Cross-sectional rows have neither `period` nor `changes`."""

    series_no: str
    series: str
    unit: str
    cells: list[Cell]
    period: str = ""
    changes: list[Change | None] = field(default_factory=list)


class Move(Struct, frozen=True):
    """The latest value of a table's headline series. `size` is its change on the year in multiples of the usual one."""

    row: Row
    size: Decimal | None


class Values(Struct):
    """The first series of a table: the latest cell with its changes, or the first columns of a cross-section."""

    columns: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    @property
    def period(self) -> str:
        """The period common to all rows; "" if they differ or have none."""
        periods = {row.period for row in self.rows}
        return periods.pop() if len(periods) == 1 else ""


class Revision(Struct, frozen=True):
    """A cell that differs between two vintages. `old` or `new` is None where the cell is absent."""

    series_no: str
    series: str
    cell: str
    kind: Kind
    old: Cell | None
    new: Cell | None


class Comparison(Struct):
    """A vintage against the previous one: every difference counted, the largest cells and the first labels kept."""

    previous_label: str
    counts: dict[Kind, int] = field(default_factory=lambda: {"revised": 0, "deleted": 0, "new": 0})
    largest: list[Revision] = field(default_factory=list)
    label_counts: dict[LabelKind, int] = field(default_factory=dict)
    labels: list[LabelChange] = field(default_factory=list)

    @property
    def total(self) -> int:
        """The number of cells that differ."""
        return sum(self.counts.values())

    @property
    def total_labels(self) -> int:
        """The number of changes of labels."""
        return sum(self.label_counts.values())

    @property
    def truncated(self) -> bool:
        """Whether there are more differences than are kept."""
        return self.total > len(self.largest) or self.total_labels > len(self.labels)


class Check(Struct, frozen=True):
    """One verified number: as downloaded, and as Athena computed it from the staged data."""

    name: str
    source: str
    athena: str
    equal: bool


class TableReport(Struct, kw_only=True):
    """A refreshed table. `whole` is false if the table was too large to read in full; only its headline is shown.

    `not_compared` is a sentence on why there is no comparison with the edition before; "" if there is one, for a first
    edition, and for a table too large to be read.
    """

    table_id: str
    title: str
    theme: str
    frequency: Frequency
    source_agency: str
    vintage: str
    fetched_at: str
    observations: int
    series: int
    footnotes: list[str]
    units: list[str]
    values: Values
    chart: Chart | None
    move: Move | None
    comparison: Comparison | None
    checks: list[Check]
    first: bool
    not_compared: str
    whole: bool
    in_workbook: bool

    @property
    def files(self) -> list[str]:
        """The names of the table's own files."""
        return [f"{self.table_id}.csv"] * self.whole + [f"{self.table_id}.png"] * (self.chart is not None)

    def condense(self) -> None:
        """Keep what the first page of a split report shows: the last years of the chart and the largest revision."""
        self.values.rows.clear()
        if self.chart:
            del self.chart.marks[:-MAX_MARKS], self.chart.previous[:-MAX_MARKS]
        if self.comparison:
            del self.comparison.largest[1:], self.comparison.labels[:]


class Unchanged(Struct, frozen=True):
    """A table whose published vintage is still the latest."""

    table_id: str
    title: str
    vintage: str


class Listed(Struct, frozen=True):
    """A refreshed table beyond those that the report shows."""

    table_id: str
    title: str
    vintage: str
    observations: int


class Report(Struct, kw_only=True):
    """The report of one run: `MAX_TABLES` of its tables, and `others`. `fetched_at` is its last download's (ISO).

    If `split`, each table has a page of its own.
    """

    run_id: str
    fetched_at: str
    tables: list[TableReport]
    unchanged: list[Unchanged]
    failed: list[Failure]
    cost: RunCost
    others: list[Listed] = field(default_factory=list)
    split: bool = False

    @property
    def refreshed(self) -> int:
        """The number of refreshed tables."""
        return len(self.tables) + len(self.others)

    @property
    def verified(self) -> bool:
        """Whether every check of every table passed."""
        return all(check.equal for table in self.tables for check in table.checks)

    @property
    def revised_cells(self) -> int:
        """The number of revised cells in the tables that are compared."""
        return sum(table.comparison.counts["revised"] for table in self.tables if table.comparison)

    @property
    def moves(self) -> list[TableReport]:
        """The tables whose headlines moved most, the most unusual move first."""
        moved = [(table.move.size, table) for table in self.tables if table.move and table.move.size]
        return [table for _, table in sorted(moved, key=lambda each: -each[0])][:MAX_MOVES]

    @property
    def revised(self) -> list[TableReport]:
        """The tables with the largest revisions, in multiples of the value before; the largest first."""
        revised = [table for table in self.tables if table.comparison and table.comparison.counts["revised"]]
        return sorted(revised, key=_largest_revision, reverse=True)[:MAX_MOVES]

    @property
    def themes(self) -> dict[str, list[TableReport]]:
        """The tables by theme, in alphabetical order; those without a theme last, under ""."""
        names = sorted({table.theme for table in self.tables}, key=lambda name: (not name, name))
        return {name: [table for table in self.tables if table.theme == name] for name in names}


def _largest_revision(table: TableReport) -> Decimal:
    """The difference of the largest revised cell in multiples of its old value; 0 if either is no number, or zero."""
    largest = table.comparison.largest[0] if table.comparison else None
    old, new = (each.value if each else None for each in (largest.old, largest.new)) if largest else (None, None)
    return ROUNDED.divide(abs(EXACT.subtract(new, old)), abs(old)) if old and new is not None else Decimal(0)
