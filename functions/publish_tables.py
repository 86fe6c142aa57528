"""State PublishTables: point readers at what was verified; a run that comes late changes nothing."""

from pipeline.aws import data_bucket
from pipeline.contracts import keys
from pipeline.contracts.records import DownloadOutcome, PublishOutcome, TableError, Tally
from pipeline.contracts.states import PublishCounts, PublishRequest
from pipeline.errors import PublishConflict, StaleVintage
from pipeline.handler import task
from pipeline.steps.publish import publish


@task
def handler(run: PublishRequest) -> PublishCounts:
    tally = data_bucket.read(keys.run(run.run_id, "tally"), Tally)
    published, failed = [], []
    for table in tally.stored:
        try:
            publish(table, run.run_id, verified_by=run.query_id, force=run.force)
            published.append(table.table_id)
        except (PublishConflict, StaleVintage) as error:
            failed.append(lost(table, error.at("PublishTables", table.table_id)))
    outcome = PublishOutcome(published=published, failed=failed)
    data_bucket.write(keys.run(run.run_id, "published"), outcome)
    return PublishCounts(published=len(published), failed=len(failed))


def lost(table: DownloadOutcome, error: Exception) -> DownloadOutcome:
    cause = TableError(Error=type(error).__name__, Cause=str(error))
    return DownloadOutcome(table_id=table.table_id, status="failed", frequency=table.frequency, error=cause)
