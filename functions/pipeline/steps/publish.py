"""Publish one table: compare-and-swap its record, then point the catalogue at the record's location."""

from pipeline.aws import data_bucket, glue
from pipeline.contracts import keys
from pipeline.contracts.records import DownloadOutcome
from pipeline.contracts.states import PublishRequest
from pipeline.errors import PublishConflict
from pipeline.handler import logger
from pipeline.publication.gate import objections
from pipeline.publication.record import Grounds, Publication, has_content, next_publication
from pipeline.steps.describe_edition import describe_edition
from pipeline.table.manifest import Manifest


def publish(
    table: DownloadOutcome, run: PublishRequest, *, verified_by: str, published_at: str, lost_percent: int
) -> None:
    """Publish this run's download of `table` at `published_at` (UTC, ISO 8601). Idempotent.

    Identical content that is already published stays in place, unless `force` points readers at this run's files.
    Raises `PublishConflict` if another run published other content in the meantime, `StaleVintage` if a newer vintage
    is published, and the first objection of the gate (`SourceIncomplete`, `EditionWithdrawn` or `ImplausibleChange`)
    unless the run accepts it.
    """
    key = keys.publication(table.table_id)
    published, etag = data_bucket.read_optional(key, Publication)
    if published is None or published.run_id != run.run_id:
        frequency = str(table.frequency)
        manifest = data_bucket.read(keys.manifest(frequency, table.table_id, run.run_id), Manifest)
        if run.force or not has_content(published, manifest):
            accepted = _accepted(published, manifest, lost_percent, accept=run.accept)
            location = glue.uri(keys.staged(run.run_id, frequency, table.table_id))
            grounds = Grounds(published_at, verified_by, accepted)
            following = next_publication(published, manifest, location=location, grounds=grounds)
            if not data_bucket.compare_and_swap(key, following, etag):
                winner, _ = data_bucket.read_optional(key, Publication)
                if not has_content(winner, manifest):
                    raise PublishConflict("another run published the table in the meantime")
    shown = _point_at_record(key)
    if shown:
        _try_to_describe(shown)


def _accepted(published: Publication | None, manifest: Manifest, lost_percent: int, *, accept: bool) -> str:
    """What the run accepts, "" if the gate has no objection; content that readers already see has passed it."""
    if has_content(published, manifest):
        return ""
    before = None
    if published:
        before = data_bucket.read(keys.manifest(published.frequency, published.table_id, published.run_id), Manifest)
    problems = list(objections(published, before, manifest, lost_percent))
    if problems and not accept:
        raise problems[0]
    return "; ".join(problem.cause for problem in problems)


def _point_at_record(key: str) -> Publication | None:
    """Repeat until the record has not changed while the catalogue was updated: the record of the last run wins."""
    shown = ""
    while True:
        record, etag = data_bucket.read_optional(key, Publication)
        if record is None or etag == shown:
            return record
        glue.set_partitions(record)
        shown = etag


def _try_to_describe(shown: Publication) -> None:
    """Readers see the edition already."""
    try:
        describe_edition(shown)
    except Exception:  # noqa: BLE001 - whatever is wrong with a description, it never loses a publication
        logger.exception("Not described", extra={"table_id": shown.table_id})
