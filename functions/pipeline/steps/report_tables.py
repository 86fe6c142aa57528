"""Reads from S3 what the report needs: the run's records, and tables from their stored pages."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby, islice
from operator import attrgetter

from isal import igzip
from msgspec import Struct

from pipeline import errors
from pipeline.aws import data_bucket
from pipeline.contracts import keys
from pipeline.contracts.records import DownloadOutcome, PublishOutcome, Tally
from pipeline.publication.record import Publication
from pipeline.publication.revisions import previous_edition
from pipeline.report.content import Failure, Unchanged
from pipeline.report.series import Series
from pipeline.run.verification import Measured
from pipeline.source.answers import Page, read_page
from pipeline.table.manifest import Manifest
from pipeline.table.observations import Table

READERS = 16
FIRST_PAGES = 20  # pages of a very large table that are searched for its headline


class Run(Struct):
    """A run's records. `stored` are the manifests of its downloads, `measured` Athena's numbers by table id."""

    run_id: str
    tally: Tally
    published: PublishOutcome
    stored: list[Manifest]
    measured: dict[str, Measured]

    @property
    def fetched_at(self) -> str:
        """The time of the last download (ISO)."""
        return max(manifest.fetched_at for manifest in self.stored)


def run(run_id: str) -> Run:
    """The records of a run that has published at least one table."""
    tally = data_bucket.read(keys.run(run_id, "tally"), Tally)
    return Run(
        run_id=run_id,
        tally=tally,
        published=data_bucket.read(keys.run(run_id, "published"), PublishOutcome),
        stored=[_manifest(str(table.frequency), table.table_id, run_id) for table in tally.stored],
        measured={row.table_id: row for row in data_bucket.read(keys.run(run_id, "measured"), list[Measured])},
    )


def unchanged(tables: list[DownloadOutcome]) -> list[Unchanged]:
    """The published titles and vintages of unchanged tables."""
    with ThreadPoolExecutor(READERS) as pool:
        records = pool.map(lambda table: data_bucket.read(keys.publication(table.table_id), Publication), tables)
        return [Unchanged(each.table_id, each.title, each.vintage) for each in records]


def failures(tables: list[DownloadOutcome]) -> list[Failure]:
    """The cause and the next step of each failed table."""
    found = []
    for table in tables:
        error = table.error or errors.Failure(error="")
        cause = f"{error.step}: {error.cause}" if error.step else error.cause
        found.append(Failure(table.table_id, error.error, cause, error.next_step))
    return found


def previous(current: Manifest) -> Manifest | None:
    """The manifest of the edition that `current` replaced; None for a first edition."""
    header = current.header
    editions = data_bucket.read(keys.publication(header.table_id), Publication).editions
    edition = previous_edition(editions, header.vintage.isoformat(), current.checksum)
    return _manifest(header.frequency, header.table_id, edition.run_id) if edition else None


def series(manifest: Manifest) -> Iterator[Series]:
    """Every series of a table, parsed from its stored pages by the code that downloaded it.

    Raises `SourceContract`, `SourceMalformed`, `SourceUnavailable` or `TableNotFound` if a stored page cannot be read.
    """
    table = Table(manifest.header)
    for page in _pages(manifest):
        table.add(page)
    return _series(table)


def first_series(manifest: Manifest, series_no: str = "") -> Series | None:
    """The series `series_no`, or the first with a number; None unless the first pages of the table contain all of it.

    The last series read so far is skipped: it may continue on the next page.
    Raises `SourceContract`, `SourceMalformed`, `SourceUnavailable` or `TableNotFound` if a stored page cannot be read.
    """
    table = Table(manifest.header)
    for page in islice(_pages(manifest), FIRST_PAGES):
        table.add(page)
        filled = [each for each in _series(table) if any(cell.value_text for cell in each)]
        for each in filled[:-1]:
            if each[0].series_no == series_no or (not series_no and any(cell.value for cell in each)):
                return each
    return None


def _manifest(frequency: str, table_id: str, run_id: str) -> Manifest:
    return data_bucket.read(keys.manifest(frequency, table_id, run_id), Manifest)


def _pages(manifest: Manifest) -> Iterator[Page]:
    return (read_page(igzip.decompress(data_bucket.read_bytes(page.key))) for page in manifest.pages)


def _series(table: Table) -> Iterator[Series]:
    observations = (observation for observation, _ in table.observations())
    return (list(group) for _, group in groupby(observations, attrgetter("series_no")))
