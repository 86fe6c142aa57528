"""Reads from S3 what the report needs: the run's records, and tables from their stored pages."""

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby, islice
from operator import attrgetter

from isal import igzip
from msgspec import Struct

from pipeline.aws import data_bucket
from pipeline.contracts import keys
from pipeline.contracts.records import DownloadOutcome, PublishOutcome, Tally
from pipeline.publication.identity import Labels
from pipeline.publication.record import Publication
from pipeline.publication.revisions import previous_edition
from pipeline.report.content import Unchanged
from pipeline.report.revisions import previous_series
from pipeline.report.series import Series
from pipeline.report.table_report import Before, Vintage
from pipeline.run.verification import Measured, Verification
from pipeline.source.responses import Page, label, read_page
from pipeline.steps.outcomes import load_manifests
from pipeline.table.manifest import Manifest
from pipeline.table.observations import Observation, Table
from pipeline.table.values import Meaning

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
        stored=load_manifests(run_id, tally),
        measured=data_bucket.read(keys.run(run_id, "verified"), Verification).measured,
    )


def unchanged(tables: list[DownloadOutcome]) -> list[Unchanged]:
    """The published titles and vintages of unchanged tables."""
    records = data_bucket.read_all((keys.publication(table.table_id) for table in tables), Publication)
    return [Unchanged(each.table_id, each.title, each.vintage) for each in records]


def published_before(manifests: list[Manifest]) -> set[str]:
    """The ids of the tables that have more than one edition."""
    records = data_bucket.read_all((keys.publication(each.header.table_id) for each in manifests), Publication)
    return {each.table_id for each in records if len(each.editions) > 1}


class Earlier(Struct):
    """The edition that a table's current one replaced, or why it is not compared; neither for a first edition."""

    manifest: Manifest | None = None
    not_compared: str = ""


def previous(current: Manifest) -> Earlier:
    """The edition that `current` replaced, found in the dataset in which it was published."""
    header = current.header
    try:
        editions = data_bucket.read(keys.publication(header.table_id), Publication).editions
        edition = previous_edition(editions, header.vintage.isoformat(), current.checksum)
        if edition is None:
            return Earlier()
        frequency = edition.frequency or header.frequency
        manifest = data_bucket.read(keys.manifest(frequency, header.table_id, edition.run_id), Manifest)
    except Exception as error:  # noqa: BLE001 - one old edition never loses the report of the others
        return Earlier(not_compared=_unreadable(error))
    if frequency != header.frequency:
        kinds = f"{frequency.replace('_', '-')}, this one is {header.frequency.replace('_', '-')}"
        return Earlier(not_compared=f"The edition before, {edition.edition}, is {kinds}: their cells are not compared.")
    return Earlier(manifest)


def load(earlier: Earlier, read: Callable[[Manifest], Iterable[Series]]) -> Before | str:
    """The edition before, or why it is not compared; "" for a first edition."""
    if earlier.manifest is None:
        return earlier.not_compared
    try:
        return Before(earlier.manifest, previous_series(read(earlier.manifest)))
    except Exception as error:  # noqa: BLE001 - one old edition never loses the report of the others
        return _unreadable(error)


def _unreadable(error: Exception) -> str:
    return f"The edition before cannot be read, so nothing is compared: {type(error).__name__}: {error}"


def vintage(manifest: Manifest) -> Vintage:
    """A vintage of a table with every series, parsed from its stored pages by the code that downloaded it.

    Raises `SourceContract`, `SourceInconsistent`, `SourceMalformed`, `SourceUnavailable` or `TableNotFound` if a stored
    page cannot be read.
    """
    table = Table(manifest.header)
    for page in _pages(manifest):
        table.add(page)
    labels = [
        Labels(number, label(row.series), label(row.unit), label(row.footnote))
        for number, row in table.rows.items()
        if table.cells[number]
    ]
    return Vintage(manifest, labels, _series(table))


def first_series(manifest: Manifest, like: Observation | None = None) -> Series | None:
    """The first series with a number, or the one with the number and label of `like`.

    None unless the first pages of the table contain all of it.
    The last series read so far is skipped: it may continue on the next page.
    Raises `SourceContract`, `SourceInconsistent`, `SourceMalformed`, `SourceUnavailable` or `TableNotFound` if a stored
    page cannot be read.
    """
    table, wanted = Table(manifest.header), (like.series_no, like.series) if like else None
    for page in islice(_pages(manifest), FIRST_PAGES):
        table.add(page)
        filled = [each for each in _series(table) if any(cell.value_text for cell in each)]
        for each in filled[:-1]:
            if (each[0].series_no, each[0].series) == wanted or (not wanted and any(cell.value for cell in each)):
                return each
    return None


def _pages(manifest: Manifest) -> Iterator[Page]:
    return (read_page(igzip.decompress(data_bucket.read_bytes(page.key))) for page in manifest.pages)


def _series(table: Table) -> Iterator[Series]:
    observations = (each for each, meaning in table.observations() if meaning is not Meaning.REPEATED)
    return (list(group) for _, group in groupby(observations, attrgetter("series_no")))
