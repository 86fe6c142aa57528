"""The headline of a table, and its chart: the first series with a number, or the column of the first number."""

from pipeline.report.content import MAX_BARS, Chart, Mark
from pipeline.report.revisions import Previous
from pipeline.report.series import Series, cell_name, marks, parse_cell, step
from pipeline.source.responses import Header
from pipeline.table.periods import period_start


def start_chart(header: Header, series: Series, previous_label: str, previous: Previous) -> Chart | None:
    """The chart of this series, or of the column of its first number; None if the series has no number.

    `previous` has the series that the earlier edition has in the same unit, by their numbers in this one.
    Raises `SourceContract` if a period of the earlier edition is not one of this frequency.
    """
    first = next((each for each in series if each.value), None)
    if first is None:
        return None
    cross_section = header.frequency == "cross_sectional"
    chart = Chart(
        name=f"Column {cell_name(first)}" if cross_section else first.series,
        table=header.title,
        unit=first.unit,
        step=step(series, header.frequency),
        vintage=header.vintage.isoformat(),
        column=cell_name(first) if cross_section else "",
        previous_label=previous_label,
    )
    if cross_section:
        add_bar(chart, series, previous)
        return chart
    chart.marks = marks(series)
    if first.series_no in previous:
        chart.previous = [
            Mark(period, period_start(period, header.frequency), parse_cell(text).value)
            for period, text in previous[first.series_no].texts.items()
        ]
    return chart


def add_bar(chart: Chart, series: Series, previous: Previous) -> None:
    """Add the series to a bar chart, with its bar in the previous vintage."""
    if len(chart.marks) == MAX_BARS:
        chart.omitted += 1
        return
    number, name = series[0].series_no, series[0].series
    text = next((each.value_text for each in series if cell_name(each) == chart.column), "")
    chart.marks.append(Mark(name, "", parse_cell(text).value))
    if chart.previous_label:
        old = previous[number].texts.get(chart.column, "") if number in previous else ""
        chart.previous.append(Mark(name, "", parse_cell(old).value))
