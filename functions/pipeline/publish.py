"""One table's publication: compare-and-swap its record, then point the catalogue at what the record says."""

from pipeline import glue, keys, lake
from pipeline.errors import PublishConflict
from pipeline.events import DownloadOutcome
from pipeline.manifest import Manifest
from pipeline.publication import Publication, succeed


def publish(table: DownloadOutcome, run_id: str, verified_by: str) -> None:
    """Publish what the run downloaded of `table`; doing it again changes nothing.

    Raises `PublishConflict` when another run published it meanwhile, `StaleVintage` when a newer one is published.
    """
    key = keys.publication(table.table_id)
    published, etag = lake.read_if_there(key, Publication)
    if published is None or published.run_id != run_id:
        frequency = str(table.frequency)
        manifest = lake.read(keys.manifest(frequency, table.table_id, run_id), Manifest)
        location = glue.uri(keys.staged(run_id, frequency, table.table_id))
        following = succeed(published, manifest, location=location, verified_by=verified_by)
        if not lake.swap(key, following, etag):
            raise PublishConflict("another run published the table meanwhile")
    _point_at_record(key)


def _point_at_record(key: str) -> None:
    """Point the catalogue until the record is still the one pointed at: a faster run's record wins."""
    shown = ""
    while True:
        record, etag = lake.read_if_there(key, Publication)
        if record is None or etag == shown:
            return
        glue.point(record)
        shown = etag
