"""The report of a run, written table by table: only what the page shows stays in memory."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from pipeline import keys, reports
from pipeline.events import DownloadOutcome, WrittenReport
from pipeline.manifest import EXACT, Manifest
from pipeline.report import charts, gather
from pipeline.report.content import Chart, Check, Report, TableReport
from pipeline.report.page import page
from pipeline.report.revisions import Comparing
from pipeline.report.rows import Csv, DataBook
from pipeline.report.survey import Survey
from pipeline.verification import Measured, expected

READ_CELLS = 250_000  # of one vintage: a larger table is shown by its headline alone
HTML, CSV, PNG = "text/html; charset=utf-8", "text/csv; charset=utf-8", "image/png"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class Builder:
    """Writes the files of one run's report beside each other."""

    def __init__(self, run_id: str) -> None:
        self._run_id, self._run = run_id, gather.run(run_id)
        self._manifests = [self._manifest(table) for table in self._run.refreshed()]
        self._fetched_at = max((each.fetched_at for each in self._manifests), default="")
        self._names: list[str] = []

    def write(self) -> WrittenReport:
        """Write every file, the page last."""
        run = self._run
        self._book = DataBook(datetime.fromisoformat(self._fetched_at))
        tables = [self._table(manifest) for manifest in self._manifests]
        self._put("data.xlsx", self._book.finish(tables), XLSX)
        report = Report(
            run_id=self._run_id,
            fetched_at=self._fetched_at,
            tables=tables,
            unchanged=gather.unchanged(run.tally.unchanged),
            failed=gather.failures([*run.tally.failed, *run.published.failed]),
        )
        links: Mapping[str, str] = {}
        self._put("report.html", page(report, links), HTML)
        return WrittenReport(key=keys.report(self._run_id, "report.html"), tables=len(tables))

    def _manifest(self, table: DownloadOutcome) -> Manifest:
        return gather.manifest(str(table.frequency), table.table_id, self._run_id)

    def _table(self, current: Manifest) -> TableReport:
        header, before = current.header, gather.before(current)
        survey = Survey(header)
        whole = max(current.observations, before.observations if before else 0) <= READ_CELLS
        comparison = None
        in_workbook = whole and self._book.has_room(current.observations)
        if whole:
            texts, names = gather.texts(before) if before else ({}, {})
            comparing = Comparing(before.header.vintage.isoformat(), texts, names) if before else None
            rows = Csv(header.frequency)
            for series in gather.series(current):
                survey.add(series)
                rows.add(series)
                if in_workbook:
                    self._book.add(series)
                if comparing:
                    comparing.add(series)
            comparison = comparing.finish() if comparing else None
            self._put(f"{header.table_id}.csv", rows.finish(), CSV)
        else:
            texts = self._headline(survey, current, before)
        chart = survey.chart(before.header.vintage.isoformat() if before else "", texts)
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
            comparison=comparison,
            checks=_checks(current, self._run.measured[header.table_id]),
            first=before is None,
            whole=whole,
            in_workbook=in_workbook,
            drawing=self._draw(chart, header.table_id),
        )

    def _headline(self, survey: Survey, current: Manifest, before: Manifest | None) -> dict[str, dict[str, str]]:
        """Survey the headline alone; its texts of the vintage before."""
        if current.header.frequency == "cross_sectional" or not (series := gather.first_series(current)):
            return {}
        survey.add(series)
        old = gather.first_series(before, survey.headline) if before else None
        return {survey.headline: {each.period: each.value_text for each in old or []}}

    def _draw(self, chart: Chart | None, table_id: str):  # type: ignore[no-untyped-def]
        if chart is None:
            return None
        self._put(f"{table_id}.png", charts.png(chart), PNG)
        return charts.draw(chart, table_id)

    def _put(self, name: str, body: bytes, content_type: str) -> None:
        reports.write(keys.report(self._run_id, name), body, content_type)
        self._names.append(name)


def _checks(manifest: Manifest, measured: Measured) -> list[Check]:
    return [_check(name, number, getattr(measured, name)) for name, number in expected(manifest).items()]


def _check(name: str, number: str | Decimal, found: str) -> Check:
    if isinstance(number, str):
        return Check(name, number, found, number == found)
    athena = Decimal(found or 0)
    return Check(name, f"{number:f}", f"{_plain(athena):f}", athena == number)


def _plain(number: Decimal) -> Decimal:
    """Without the zeros that only Athena's type adds."""
    return number.normalize(EXACT) if number % 1 else number.to_integral_value()
