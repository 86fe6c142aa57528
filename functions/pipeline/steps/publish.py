"""One table's publication: compare-and-swap its record, then point the catalogue at what the record says."""

from pipeline.aws import data_bucket, glue
from pipeline.contracts import keys
from pipeline.contracts.records import DownloadOutcome
from pipeline.errors import PublishConflict
from pipeline.publication.record import Publication, has_content, next_publication
from pipeline.table.manifest import Manifest


def publish(table: DownloadOutcome, run_id: str, verified_by: str, *, force: bool) -> None:
    """Publish what the run downloaded of `table`; doing it again changes nothing.

    What another run has published with the same content stays, unless `force` wants it read from this run's files.
    Raises `PublishConflict` when another run published other content meanwhile, `StaleVintage` when newer content.
    """
    key = keys.publication(table.table_id)
    published, etag = data_bucket.read_optional(key, Publication)
    if published is None or published.run_id != run_id:
        frequency = str(table.frequency)
        manifest = data_bucket.read(keys.manifest(frequency, table.table_id, run_id), Manifest)
        if force or not has_content(published, manifest):
            location = glue.uri(keys.staged(run_id, frequency, table.table_id))
            following = next_publication(published, manifest, location=location, verified_by=verified_by)
            if not data_bucket.compare_and_swap(key, following, etag):
                winner, _ = data_bucket.read_optional(key, Publication)
                if not has_content(winner, manifest):
                    raise PublishConflict("another run published the table meanwhile")
    _point_at_record(key)


def _point_at_record(key: str) -> None:
    """Point the catalogue until the record is still the one pointed at: a faster run's record wins."""
    shown = ""
    while True:
        record, etag = data_bucket.read_optional(key, Publication)
        if record is None or etag == shown:
            return
        glue.set_partitions(record)
        shown = etag
