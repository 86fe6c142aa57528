"""One walk over a table, series by series: what the page shows of it, while the rest goes by."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from pipeline.report import series as rules
from pipeline.report.content import MAX_BARS, MAX_COLUMNS, MAX_FOOTNOTES, MAX_SERIES, Chart, Mark, Row, Values
from pipeline.source.answers import Header
from pipeline.table.observations import Observation
from pipeline.table.periods import period_start

Texts = Mapping[str, Mapping[str, str]]


class Survey:
    """Takes every series of a table once, in order, and keeps what fits on a page."""

    def __init__(self, header: Header) -> None:
        self._header, self._frequency = header, header.frequency
        self._crossed = header.frequency == "cross_sectional"
        self._headline: list[Observation] = []
        self._column = ""
        self._bars: list[tuple[str, Mark]] = []
        self._step = rules.STEPS[header.frequency]
        self._values = Values()
        self._footnotes = dict.fromkeys([header.footnote])
        self._units: dict[str, None] = {}

    def add(self, series: Sequence[Observation]) -> None:
        """The next series, whole."""
        self._units[series[0].unit] = None
        self._footnotes[series[0].footnote] = None
        if not self._headline and (first := next((each for each in series if each.value), None)):
            self._headline, self._column = list(series), rules.place(first)
            self._step = rules.step(series, self._frequency)
        if self._headline and self._crossed:
            found = next((each for each in series if rules.place(each) == self._column), None)
            value = rules.cell(found).value if found else None
            self._bars.append((series[0].series_no, Mark(series[0].series, "", value)))
        if self._values.total < MAX_SERIES:
            self._values.rows.append(self._row(series))
        self._values.total += 1

    def _row(self, series: Sequence[Observation]) -> Row:
        if not self._crossed:
            return rules.latest(series, self._step)
        if not self._values.columns:
            self._values.columns = [rules.place(each) for each in series[:MAX_COLUMNS]]
        cells = {rules.place(each): rules.cell(each) for each in series}
        shown = [cells.get(column, rules.NO_CELL) for column in self._values.columns]
        return Row(series[0].series_no, series[0].series, series[0].unit, shown)

    @property
    def headline(self) -> str:
        """The number of the first series that has a number; "" when none has."""
        return self._headline[0].series_no if self._headline else ""

    @property
    def units(self) -> list[str]:
        """All units, in the order of the series."""
        return [unit for unit in self._units if unit]

    @property
    def footnotes(self) -> list[str]:
        """The table's footnote and those of its series, each once, as many as fit."""
        return [note for note in self._footnotes if note][:MAX_FOOTNOTES]

    @property
    def values(self) -> Values:
        """The first series: their latest cells with changes, or their first columns."""
        if not self._crossed:
            self._values.columns = rules.change_names(self._step)
        return self._values

    def chart(self, before: str, texts: Texts) -> Chart | None:
        """The headline, with the cells of the vintage `before` behind it; None when the table has no number."""
        if not self._headline:
            return None
        first = self._headline[0]
        chart = Chart(
            name=f"Column {self._column}" if self._crossed else first.series,
            table=self._header.title,
            unit=first.unit,
            step=self._step,
            vintage=self._header.vintage.isoformat(),
            before_label=before,
            marks=[bar for _, bar in self._bars[:MAX_BARS]] if self._crossed else rules.marks(self._headline),
            left_out=max(0, len(self._bars) - MAX_BARS),
        )
        if before and self._crossed:
            shown = self._bars[:MAX_BARS]
            chart.before = [Mark(bar.label, "", _number(texts, no, self._column)) for no, bar in shown]
        elif before:
            periods = texts.get(first.series_no, {})
            chart.before = [
                Mark(period, period_start(period, self._frequency), _number(texts, first.series_no, period))
                for period in periods
            ]
        return chart


def _number(texts: Texts, series_no: str, place: str) -> Decimal | None:
    return rules.cell_of(texts.get(series_no, {}).get(place, "")).value
