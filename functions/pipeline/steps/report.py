"""The report of a run, written table by table: only what the page shows stays in memory."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from pipeline.aws import results_bucket
from pipeline.contracts import keys
from pipeline.contracts.states import WrittenReport
from pipeline.costs.estimate import RunCost
from pipeline.report import charts
from pipeline.report.content import Chart, Check, Drawing, Report, TableReport
from pipeline.report.page import page
from pipeline.report.revisions import Comparing
from pipeline.report.rows import Csv, DataBook
from pipeline.report.survey import Survey
from pipeline.report.wording import day
from pipeline.run.verification import Measured, expected
from pipeline.steps import report_tables
from pipeline.table.manifest import EXACT, Manifest
from pipeline.table.observations import Observation

TABLE_CELLS, RUN_CELLS = 250_000, 1_500_000  # read of one vintage; of what is larger, only the headline is shown
HTML, CSV, PNG = "text/html; charset=utf-8", "text/csv; charset=utf-8", "image/png"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Link = Callable[[str], str]
Taker = Callable[[list[Observation]], None]


class Builder:
    """Writes the files of one run's report beside each other."""

    def __init__(self, run_id: str) -> None:
        self._run_id, self._run = run_id, report_tables.run(run_id)
        stored = [report_tables.manifest(str(each.frequency), each.table_id, run_id) for each in self._run.tally.stored]
        refreshed = set(self._run.published.published)
        self._fetched_at = max(manifest.fetched_at for manifest in stored)
        self._manifests = [manifest for manifest in stored if manifest.header.table_id in refreshed]
        self._book = DataBook(datetime.fromisoformat(self._fetched_at))
        self._cells = 0
        self._names: list[str] = []

    def write(self, link: Link, cost: RunCost) -> WrittenReport:
        """Write every file, the page last; `link` makes a URL of a file's key."""
        tables = [self._table(manifest) for manifest in self._manifests]
        self._put("data.xlsx", self._book.finish(tables), XLSX)
        report = Report(
            run_id=self._run_id,
            fetched_at=self._fetched_at,
            tables=tables,
            unchanged=report_tables.unchanged(self._run.tally.unchanged),
            failed=report_tables.failures([*self._run.tally.failed, *self._run.published.failed]),
            cost=cost,
        )
        links = {name: link(keys.report(self._run_id, name)) for name in self._names}
        self._put("report.html", page(report, links), HTML)
        return WrittenReport(key=keys.report(self._run_id, "report.html"), tables=len(tables))

    def _table(self, current: Manifest) -> TableReport:
        header, before = current.header, report_tables.before(current)
        survey, label = Survey(header), _label(before, current)
        whole = self._has_time(current, before)
        in_workbook = whole and self._book.has_room(current.observations)
        comparing = None
        if whole:
            texts, names = report_tables.texts(before) if before else ({}, {})
            comparing = Comparing(label, texts, names) if before else None
            rows = Csv(header.frequency)
            takers: list[Taker] = [survey.add, rows.add]
            takers += [self._book.add] if in_workbook else []
            takers += [comparing.add] if comparing else []
            for series in report_tables.series(current):
                for take in takers:
                    take(series)
            self._put(f"{header.table_id}.csv", rows.finish(), CSV)
        else:
            texts = _headline(survey, current, before)
        return TableReport(
            table_id=header.table_id,
            title=header.title,
            frequency=header.frequency,
            source_agency=header.source_agency,
            vintage=header.vintage.isoformat(),
            fetched_at=current.fetched_at,
            observations=current.observations,
            series=current.series,
            footnotes=survey.footnotes,
            units=survey.units,
            values=survey.values,
            comparison=comparing.finish() if comparing else None,
            checks=_checks(current, self._run.measured[header.table_id]),
            first=before is None,
            whole=whole,
            in_workbook=in_workbook,
            drawing=self._draw(survey.chart(label, texts), header.table_id),
        )

    def _has_time(self, *vintages: Manifest | None) -> bool:
        """Whether these can be read as a whole, in the memory and the time that there are."""
        cells = [manifest.observations for manifest in vintages if manifest]
        if max(cells) > TABLE_CELLS or self._cells + sum(cells) > RUN_CELLS:
            return False
        self._cells += sum(cells)
        return True

    def _draw(self, chart: Chart | None, table_id: str) -> Drawing | None:
        if chart is None:
            return None
        self._put(f"{table_id}.png", charts.png(chart), PNG)
        return charts.draw(chart, table_id)

    def _put(self, name: str, body: bytes, content_type: str) -> None:
        results_bucket.write(keys.report(self._run_id, name), body, content_type)
        self._names.append(name)


def _headline(survey: Survey, current: Manifest, before: Manifest | None) -> dict[str, dict[str, str]]:
    """Survey the headline alone; its texts of the vintage before."""
    if current.header.frequency == "cross_sectional" or not (series := report_tables.first_series(current)):
        return {}
    survey.add(series)
    old = report_tables.first_series(before, survey.headline) if before else None
    return {survey.headline: {each.period: each.value_text for each in old or []}}


def _label(before: Manifest | None, current: Manifest) -> str:
    """What the vintage before is called; a correction may come on the same day."""
    if before is None:
        return ""
    same_day = before.header.vintage == current.header.vintage
    return day(before.header.vintage.isoformat()) + (" (earlier)" if same_day else "")


def _checks(manifest: Manifest, measured: Measured) -> list[Check]:
    return [_check(name, number, getattr(measured, name)) for name, number in expected(manifest).items()]


def _check(name: str, number: str | Decimal, found: str) -> Check:
    if isinstance(number, str):
        return Check(name, number, found, number == found)
    athena = Decimal(found or 0)
    return Check(name, _plain(number), _plain(athena), athena == number)


def _plain(number: Decimal) -> str:
    """Without the zeros at its end, of which Athena's type adds some."""
    return f"{number.normalize(EXACT):f}"
