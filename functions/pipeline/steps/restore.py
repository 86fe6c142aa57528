"""Roll a table back or forget an edition: audit record, compare-and-swap of its record, then the catalogue."""

from datetime import UTC, datetime

from pipeline.aws import data_bucket, glue
from pipeline.contracts import keys
from pipeline.contracts.states import Forget, Restored, RestoreRequest, Rollback
from pipeline.errors import InputInvalid, PublishConflict
from pipeline.publication.record import Publication, publication_of
from pipeline.publication.restore import Audit, Restoration, forget, roll_back
from pipeline.table.manifest import Manifest


def restore(request: RestoreRequest, asked: Rollback | Forget) -> Restored:
    """Carry out what is asked. Idempotent: repeated in the same run, it continues where it stopped.

    Raises `InputInvalid` if the table is not published or has no such edition, `PublishConflict` if a run published the
    table in the meantime.
    """
    key, audit_key = keys.publication(asked.table), keys.audit(asked.table, request.run_id)
    published, etag = data_bucket.read_optional(key, Publication)
    audit, _ = data_bucket.read_optional(audit_key, Audit)
    if audit is None:
        try:
            audit = _plan(request, asked, published)
        except InputInvalid:
            _align(asked.table)  # an interrupted command may have left the catalogue behind
            raise
        data_bucket.write_once(audit_key, audit)
    if published == audit.before:
        data_bucket.compare_and_swap(key, audit.after or b"", etag)
        published, _ = data_bucket.read_optional(key, Publication)
    if published != audit.after:
        raise PublishConflict("a run published the table in the meantime")
    _align(asked.table)
    return Restored(table_id=asked.table, edition=audit.after.edition if audit.after else "")


def _plan(request: RestoreRequest, asked: Rollback | Forget, published: Publication | None) -> Audit:
    if published is None:
        raise InputInvalid(f"{asked.table} is not published")
    at = datetime.fromisoformat(request.at).astimezone(UTC).isoformat(timespec="seconds")
    back = isinstance(asked, Rollback)
    name = asked.to if isinstance(asked, Rollback) else asked.vintage
    restoration = roll_back(published, name, at) if back else forget(published, name)
    return Audit(
        table_id=asked.table,
        run_id=request.run_id,
        action="rollback" if back else "forget",
        edition=name,
        by=asked.by,
        at=at,
        before=published,
        after=_after(asked.table, restoration),
    )


def _after(table_id: str, restoration: Restoration) -> Publication | None:
    shown = restoration.shown
    if shown is None:
        return None
    manifest = data_bucket.read(keys.manifest(shown.frequency, table_id, shown.run_id), Manifest)
    return publication_of(shown, restoration.editions, manifest)


def _align(table_id: str) -> None:
    """Repeat until the record has not changed while the catalogue was updated."""
    seen: str | None = None
    while True:
        published, etag = data_bucket.read_optional(keys.publication(table_id), Publication)
        if etag == seen:
            return
        glue.align(table_id, published)
        seen = etag
