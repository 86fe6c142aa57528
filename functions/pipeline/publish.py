"""One table's publication: compare-and-swap its record, then point the catalogue at what the record says."""

from pipeline import glue, keys, lake
from pipeline.errors import PublishConflict
from pipeline.events import DownloadOutcome
from pipeline.manifest import Manifest
from pipeline.publication import Publication, has_content, succeed


def publish(table: DownloadOutcome, run_id: str, verified_by: str, *, force: bool) -> None:
    """Publish what the run downloaded of `table`; doing it again changes nothing.

    What another run has published with the same content stays, unless `force` wants it read from this run's files.
    Raises `PublishConflict` when another run published other content meanwhile, `StaleVintage` when newer content.
    """
    key = keys.publication(table.table_id)
    published, etag = lake.read_if_there(key, Publication)
    if published is None or published.run_id != run_id:
        frequency = str(table.frequency)
        manifest = lake.read(keys.manifest(frequency, table.table_id, run_id), Manifest)
        if force or not has_content(published, manifest):
            location = glue.uri(keys.staged(run_id, frequency, table.table_id))
            following = succeed(published, manifest, location=location, verified_by=verified_by)
            if not lake.swap(key, following, etag):
                winner, _ = lake.read_if_there(key, Publication)
                if not has_content(winner, manifest):
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
