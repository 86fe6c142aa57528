"""Publish one table: compare-and-swap its record, then point the catalogue at the record's location."""

from pipeline.aws import data_bucket, glue
from pipeline.contracts import keys
from pipeline.contracts.records import DownloadOutcome
from pipeline.errors import PublishConflict
from pipeline.publication.record import Publication, has_content, next_publication
from pipeline.table.manifest import Manifest


def publish(table: DownloadOutcome, run_id: str, *, verified_by: str, published_at: str, force: bool) -> None:
    """Publish this run's download of `table` at `published_at` (UTC, ISO 8601). Idempotent.

    Identical content that is already published stays in place, unless `force` points readers at this run's files.
    Raises `PublishConflict` if another run published other content in the meantime, `StaleVintage` if a newer vintage
    is published.
    """
    key = keys.publication(table.table_id)
    published, etag = data_bucket.read_optional(key, Publication)
    if published is None or published.run_id != run_id:
        frequency = str(table.frequency)
        manifest = data_bucket.read(keys.manifest(frequency, table.table_id, run_id), Manifest)
        if force or not has_content(published, manifest):
            location = glue.uri(keys.staged(run_id, frequency, table.table_id))
            following = next_publication(
                published, manifest, location=location, verified_by=verified_by, published_at=published_at
            )
            if not data_bucket.compare_and_swap(key, following, etag):
                winner, _ = data_bucket.read_optional(key, Publication)
                if not has_content(winner, manifest):
                    raise PublishConflict("another run published the table in the meantime")
    _point_at_record(key)


def _point_at_record(key: str) -> None:
    """Repeat until the record has not changed while the catalogue was updated: the record of the last run wins."""
    shown = ""
    while True:
        record, etag = data_bucket.read_optional(key, Publication)
        if record is None or etag == shown:
            return
        glue.set_partitions(record)
        shown = etag
