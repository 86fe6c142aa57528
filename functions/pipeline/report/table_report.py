"""What the report shows of one table, from a single pass over its series."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from pipeline.publication.identity import Labels, label_changes, match
from pipeline.report import revisions
from pipeline.report.content import (
    MAX_COLUMNS,
    MAX_FOOTNOTES,
    MAX_SERIES,
    Chart,
    Check,
    Comparison,
    Move,
    TableReport,
    Values,
)
from pipeline.report.headline import add_bar, start_chart
from pipeline.report.series import STEPS, Series, cell_name, change_names, columns, latest, size
from pipeline.report.wording import day
from pipeline.run.verification import Measured, expected
from pipeline.table.manifest import Manifest
from pipeline.table.values import EXACT


class Vintage(NamedTuple):
    """A vintage of a table; its series are read once, in the order of `labels`."""

    manifest: Manifest
    labels: Sequence[Labels]
    series: Iterable[Series]


class Before(NamedTuple):
    """The vintage that is compared with; its series by number."""

    manifest: Manifest
    series: revisions.Previous


def table_report(
    current: Vintage, previous: Before | str, measured: Measured, *, whole: bool, in_workbook: bool
) -> TableReport:
    """Describe a table and compare it with its previous vintage; only what the page shows is kept in memory.

    `previous` may say why it is not compared; it is "" for a first edition. If not `whole`, the series are at most the
    headline of each vintage, and nothing is compared.
    Raises `SourceContract` if a period is not one of the table's frequency.
    """
    manifest, header = current.manifest, current.manifest.header
    before, not_compared = (None, previous) if isinstance(previous, str) else (previous, "")
    label = _label(before.manifest, manifest) if before else ""
    deleted = dict(before.series) if before else {}
    old_labels = [Labels(number, each.name, each.unit, each.footnote) for number, each in deleted.items()]
    known = {number: deleted.pop(old) for number, old in match(old_labels, current.labels).items()}
    same_unit = {
        each.series_no: known[each.series_no]
        for each in current.labels
        if each.series_no in known and known[each.series_no].unit == each.unit
    }
    comparison = Comparison(label) if before and whole else None
    chart: Chart | None = None
    move: Move | None = None
    values, step = Values(), STEPS[header.frequency]
    units, footnotes = dict[str, None](), {header.footnote: None}
    for series in current.series:
        units[series[0].unit] = footnotes[series[0].footnote] = None
        if chart is None:
            chart = start_chart(header, series, label, same_unit)
            step = chart.step if chart else step
            move = Move(latest(series, step), size(series, step)) if chart and step else None
        elif not step:
            add_bar(chart, series, same_unit)
        if len(values.rows) < MAX_SERIES:
            _add_row(values, series, step)
        if comparison:
            revisions.add(comparison, revisions.compare(series, known.get(series[0].series_no)))
    if comparison:
        revisions.add_labels(comparison, label_changes(old_labels, current.labels))
        for number, series_before in deleted.items():
            revisions.add(comparison, revisions.deleted(number, series_before))
    if step:
        values.columns = change_names(step)
    return TableReport(
        table_id=header.table_id,
        title=header.title,
        theme=header.theme,
        frequency=header.frequency,
        source_agency=header.source_agency,
        vintage=header.vintage.isoformat(),
        fetched_at=manifest.fetched_at,
        observations=manifest.observations,
        series=manifest.series,
        footnotes=list(filter(None, footnotes))[:MAX_FOOTNOTES],
        units=list(filter(None, units)),
        values=values,
        chart=chart,
        move=move,
        comparison=comparison,
        checks=_checks(manifest, measured),
        first=previous == "",
        not_compared=not_compared,
        whole=whole,
        in_workbook=in_workbook,
    )


def _add_row(values: Values, series: Series, step: int) -> None:
    """Add the latest value of a time series, or the first columns of a cross-section."""
    if step:
        values.rows.append(latest(series, step))
        return
    values.columns = values.columns or [cell_name(each) for each in series[:MAX_COLUMNS]]
    values.rows.append(columns(series, values.columns))


def _label(previous: Manifest, current: Manifest) -> str:
    """The date of the previous vintage, marked if a correction was published under the same date."""
    same_day = previous.header.vintage == current.header.vintage
    return day(previous.header.vintage.isoformat()) + (" (earlier)" if same_day else "")


def _checks(manifest: Manifest, measured: Measured) -> list[Check]:
    return [_check(name, number, getattr(measured, name)) for name, number in expected(manifest).items()]


def _check(name: str, number: str | Decimal, measured: str) -> Check:
    if isinstance(number, str):
        return Check(name, number, measured, number == measured)
    athena = Decimal(measured or 0)
    return Check(name, _plain(number), _plain(athena), athena == number)


def _plain(number: Decimal) -> str:
    """Without trailing zeros: Athena pads decimals to the scale of their type."""
    return f"{number.normalize(EXACT):f}"
