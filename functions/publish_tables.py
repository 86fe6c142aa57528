"""State PublishTables: point readers at the verified tables, unless another run was faster or a gate objects."""

import os
from datetime import UTC, datetime

import msgspec
from pipeline.aws import data_bucket
from pipeline.contracts import keys
from pipeline.contracts.records import DownloadOutcome, PublishOutcome, Tally
from pipeline.contracts.states import PublishCounts, PublishRequest
from pipeline.errors import PublishConflict, SourceError
from pipeline.handler import named, task
from pipeline.run.verification import Verification, unpublished
from pipeline.steps.publish import publish

LOST_CELLS_PERCENT = int(os.environ["LOST_CELLS_PERCENT"])
MOST_AT_ONCE = 1000  # at 0.4 seconds each, half of the function's time


@task
def handler(run: PublishRequest) -> PublishCounts:
    """Publish the next tables; the state machine calls again for those that are left."""
    tally = data_bucket.read(keys.run(run.run_id, "tally"), Tally)
    verification = data_bucket.read(keys.run(run.run_id, "verified"), Verification)
    known, _ = data_bucket.read_optional(keys.run(run.run_id, "published"), PublishOutcome)
    outcome = known or PublishOutcome(published=[], failed=[*verification.failed.values()])
    waiting = unpublished(tally.stored, verification, outcome)
    for table in waiting[:MOST_AT_ONCE]:
        try:
            now = datetime.now(UTC).isoformat(timespec="seconds")
            query_id = verification.measured[table.table_id].query_id
            publish(table, run, verified_by=query_id, published_at=now, lost_percent=LOST_CELLS_PERCENT)
            outcome.published.append(table.table_id)
        except (PublishConflict, SourceError, msgspec.MsgspecError) as error:
            failure = named(error).failure("PublishTables", table.table_id)
            outcome.failed.append(
                DownloadOutcome(table_id=table.table_id, status="failed", frequency=table.frequency, error=failure)
            )
    data_bucket.write(keys.run(run.run_id, "published"), outcome)
    return PublishCounts(published=len(outcome.published), failed=len(outcome.failed), left=len(waiting[MOST_AT_ONCE:]))
