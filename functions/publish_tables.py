"""State PublishTables: point readers at what was verified; a run that comes late changes nothing."""

from pipeline import keys, lake
from pipeline.errors import PublishConflict, StaleVintage
from pipeline.events import DownloadOutcome, PublishCounts, PublishOutcome, PublishRequest, TableError, Tally
from pipeline.publish import publish
from pipeline.task import task


@task
def handler(run: PublishRequest) -> PublishCounts:
    tally = lake.read(keys.run(run.run_id, "tally"), Tally)
    published, failed = [], []
    for table in tally.stored:
        try:
            publish(table, run.run_id, verified_by=run.query_id, force=run.force)
            published.append(table.table_id)
        except (PublishConflict, StaleVintage) as error:
            failed.append(lost(table, error.at("PublishTables", table.table_id)))
    outcome = PublishOutcome(published=published, failed=failed)
    lake.write(keys.run(run.run_id, "published"), outcome)
    return PublishCounts(published=len(published), failed=len(failed))


def lost(table: DownloadOutcome, error: Exception) -> DownloadOutcome:
    cause = TableError(Error=type(error).__name__, Cause=str(error))
    return DownloadOutcome(table_id=table.table_id, status="failed", frequency=table.frequency, error=cause)
