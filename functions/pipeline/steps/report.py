"""Writes the report of a run to S3: reads the tables' stored pages, and writes one file after another."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from pipeline.aws import results_bucket
from pipeline.contracts import keys
from pipeline.contracts.states import WrittenReport
from pipeline.costs.estimate import RunCost
from pipeline.publication.identity import Labels
from pipeline.report import charts
from pipeline.report.content import MAX_ON_ONE_PAGE, MAX_TABLES, Listed, Report, TableReport
from pipeline.report.page import page, table_page
from pipeline.report.rows import Csv, DataBook
from pipeline.report.series import Series
from pipeline.report.table_report import Vintage, table_report
from pipeline.steps import report_tables
from pipeline.table.manifest import Manifest

TABLE_CELLS, RUN_CELLS = 250_000, 1_500_000  # read per vintage and per run; a larger table shows its headline only
CONTENT_TYPES = {
    "html": "text/html; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "png": "image/png",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

Link = Callable[[str], str]
Vintages = tuple[Manifest, report_tables.Earlier]


def write(run_id: str, link: Link, cost: RunCost) -> WrittenReport:
    """Write the files of each table, the workbook, and the page last; `link` makes a URL of an S3 key.

    Of more than `MAX_TABLES` it only lists the rest; tables with an earlier edition are shown before others.
    An earlier edition that cannot be read is not compared, and the page says why. Raises `SourceContract`,
    `SourceInconsistent`, `SourceMalformed`, `SourceUnavailable` or `TableNotFound` if a page of this run cannot be
    read.
    """
    run = report_tables.run(run_id)
    refreshed = [manifest for manifest in run.stored if manifest.header.table_id in run.published.published]
    shown, others = _choose(refreshed)
    vintages = [(manifest, report_tables.previous(manifest)) for manifest in shown]
    book, split = DataBook(datetime.fromisoformat(run.fetched_at)), len(vintages) > MAX_ON_ONE_PAGE

    def links(names: Iterable[str]) -> dict[str, str]:
        return {name: link(keys.report(run_id, name)) for name in names}

    tables = []
    for pair, whole in zip(vintages, _fit(vintages), strict=True):
        table = _write_table(run, pair, book) if whole else _headline(run, pair)
        if table.chart:
            _put(run_id, f"{table.table_id}.png", charts.png(table.chart))
        if split:
            body = table_page(run_id, table, links(["report.html", "data.xlsx", *table.files]))
            _put(run_id, f"{table.table_id}.html", body)
            table.condense()
        tables.append(table)
    _put(run_id, "data.xlsx", book.finish(tables))
    report = Report(
        run_id=run_id,
        fetched_at=run.fetched_at,
        split=split,
        tables=tables,
        unchanged=report_tables.unchanged(run.tally.unchanged),
        failed=[table.failure for table in (*run.tally.failed, *run.published.failed)],
        cost=cost,
        others=list(map(_listed, others)),
    )
    names = (name for table in tables for name in ([f"{table.table_id}.html"] if split else table.files))
    body = page(report, links(["data.xlsx", *names]))
    return WrittenReport(key=_put(run_id, "report.html", body), tables=report.refreshed)


def _choose(refreshed: list[Manifest]) -> tuple[list[Manifest], list[Manifest]]:
    """The tables that are shown, and those that are only listed."""
    if len(refreshed) <= MAX_TABLES:
        return refreshed, []
    again = report_tables.published_before(refreshed)
    ranked = sorted(refreshed, key=lambda manifest: manifest.header.table_id not in again)
    return ranked[:MAX_TABLES], ranked[MAX_TABLES:]


def _listed(manifest: Manifest) -> Listed:
    header = manifest.header
    return Listed(header.table_id, header.title, header.vintage.isoformat(), manifest.observations)


def _write_table(run: report_tables.Run, vintages: Vintages, book: DataBook) -> TableReport:
    """Report a table in full; its rows go to its CSV, and to the workbook if it has room."""
    current, earlier = vintages
    previous = report_tables.load(earlier, lambda old: report_tables.vintage(old).series)
    header, in_workbook = current.header, book.has_room(current.observations)
    rows, vintage = Csv(header.frequency), report_tables.vintage(current)
    table = table_report(
        vintage._replace(series=_copy(vintage.series, rows, *[book] * in_workbook)),
        previous,
        run.measured[header.table_id],
        whole=True,
        in_workbook=in_workbook,
    )
    _put(run.run_id, f"{header.table_id}.csv", rows.finish())
    return table


def _headline(run: report_tables.Run, vintages: Vintages) -> TableReport:
    """Report the headline alone of a table that is too large to read in full."""
    current, earlier = vintages
    time_series = current.header.frequency != "cross_sectional"
    headline = report_tables.first_series(current) if time_series else None

    def same_series(old: Manifest) -> list[Series]:
        found = report_tables.first_series(old, headline[0]) if headline else None
        return [found] if found else []

    previous = report_tables.load(earlier, same_series)
    return table_report(
        Vintage(current, [_labels(headline)], [headline]) if headline else Vintage(current, [], []),
        previous,
        run.measured[current.header.table_id],
        whole=False,
        in_workbook=False,
    )


def _labels(series: Series) -> Labels:
    return Labels(series[0].series_no, series[0].series, series[0].unit, series[0].footnote)


def _copy(series: Iterable[Series], *files: Csv | DataBook) -> Iterator[Series]:
    """The series, each written to the files as it passes."""
    for each in series:
        for file in files:
            file.add(each)
        yield each


def _fit(vintages: Iterable[Vintages]) -> Iterator[bool]:
    """Whether both vintages of each table can be read in full, within the memory and time of one function."""
    left = RUN_CELLS
    for current, earlier in vintages:
        cells = [manifest.observations for manifest in (current, earlier.manifest) if manifest]
        fits = max(cells) <= TABLE_CELLS and sum(cells) <= left
        left -= sum(cells) if fits else 0
        yield fits


def _put(run_id: str, name: str, body: bytes) -> str:
    key = keys.report(run_id, name)
    results_bucket.write(key, body, CONTENT_TYPES[name.rpartition(".")[2]])
    return key
