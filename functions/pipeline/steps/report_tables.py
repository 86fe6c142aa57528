"""What the report is made of: the run's records, and tables read again from the pages as they came."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby, islice
from operator import attrgetter

from isal import igzip
from msgspec import Struct

from pipeline.api.run_status import NEXT, NEXT_STEP
from pipeline.aws import data_bucket
from pipeline.contracts import keys
from pipeline.contracts.records import DownloadOutcome, PublishOutcome, Tally
from pipeline.publication.record import Edition, Publication
from pipeline.report.content import Failure, Unchanged
from pipeline.report.series import place
from pipeline.run.verification import Measured
from pipeline.source.answers import Page, read_page
from pipeline.table.manifest import Manifest
from pipeline.table.observations import Observation, Table

READERS = 16
FIRST_PAGES = 20  # in which the headline of a very large table is looked for

Series = list[Observation]


class Run(Struct):
    """A run's records."""

    tally: Tally
    published: PublishOutcome
    measured: dict[str, Measured]


def run(run_id: str) -> Run:
    """The records of a run that has published."""
    measured = data_bucket.read(keys.run(run_id, "measured"), list[Measured])
    return Run(
        data_bucket.read(keys.run(run_id, "tally"), Tally),
        data_bucket.read(keys.run(run_id, "published"), PublishOutcome),
        {row.table_id: row for row in measured},
    )


def unchanged(tables: list[DownloadOutcome]) -> list[Unchanged]:
    """What readers have already, by its titles."""
    with ThreadPoolExecutor(READERS) as pool:
        found = pool.map(lambda table: data_bucket.read(keys.publication(table.table_id), Publication), tables)
        return [Unchanged(each.table_id, each.title, each.vintage) for each in found]


def failures(tables: list[DownloadOutcome]) -> list[Failure]:
    """Why tables failed, and what to do about each."""
    found = []
    for table in tables:
        error, message = (table.error.Error, table.error.Cause) if table.error else ("", "")
        cause, _, next_step = message.partition(NEXT)
        found.append(Failure(table.table_id, error, cause.removeprefix(f"{table.table_id} "), next_step or NEXT_STEP))
    return found


def manifest(frequency: str, table_id: str, run_id: str) -> Manifest:
    return data_bucket.read(keys.manifest(frequency, table_id, run_id), Manifest)


def before(current: Manifest) -> Manifest | None:
    """The manifest of the edition that `current` took the place of; None for a first publication."""
    header = current.header
    editions = data_bucket.read(keys.publication(header.table_id), Publication).editions
    content = (header.vintage.isoformat(), current.checksum)
    earlier: Edition | None = None
    for edition in editions:
        if (edition.vintage, edition.checksum) == content:
            break
        earlier = edition
    return manifest(header.frequency, header.table_id, earlier.run_id) if earlier else None


def series(manifest: Manifest) -> Iterator[Series]:
    """Every series of a table, whole, by the rule with which it was downloaded."""
    table = Table(manifest.header)
    for page in _pages(manifest):
        table.add(page)
    return _series(table)


def texts(manifest: Manifest) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """A table's texts by series and cell, and its series' names: all that a comparison needs of it."""
    found, names = {}, {}
    for each in series(manifest):
        number = each[0].series_no
        names[number] = each[0].series
        found[number] = {place(cell): cell.value_text for cell in each}
    return found, names


def first_series(manifest: Manifest, series_no: str = "") -> Series | None:
    """The series `series_no`, or the first with a number, when the first pages of a large table hold it whole."""
    table = Table(manifest.header)
    for page in islice(_pages(manifest), FIRST_PAGES):
        table.add(page)
        *whole, _ = [each for each in _series(table) if any(cell.value_text for cell in each)]
        for each in whole:
            if each[0].series_no == series_no or (not series_no and any(cell.value for cell in each)):
                return each
    return None


def _pages(manifest: Manifest) -> Iterator[Page]:
    return (read_page(igzip.decompress(data_bucket.read_bytes(page.key))) for page in manifest.pages)


def _series(table: Table) -> Iterator[Series]:
    observations = (observation for observation, _ in table.observations())
    return (list(group) for _, group in groupby(observations, attrgetter("series_no")))
