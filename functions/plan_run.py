"""State PlanRun: resolve the request to table ids, or refuse it before any download."""

import os

import msgspec
from pipeline.aws import data_bucket
from pipeline.contracts import keys
from pipeline.contracts.records import RunPlan
from pipeline.contracts.states import PlannedRun, PlanRequest
from pipeline.handler import task
from pipeline.run.plan import batch_size, check_run_id, plan_tables
from pipeline.steps.lists import requested_lists


@task
def handler(event: PlanRequest) -> PlannedRun:
    """Raises `InputInvalid` for a request that cannot be run."""
    request = event.request
    check_run_id(event.run_id)
    tables = plan_tables(request, requested_lists(request))
    connections = int(os.environ["SOURCE_CONNECTIONS"])
    run = PlannedRun(
        run_id=event.run_id,
        frequency=request.frequency,
        force=request.force,
        accept=request.accept,
        refresh=request.refresh,
        rollback=request.rollback,
        forget=request.forget,
        crawl=request.crawl,
        poll_seconds=int(os.environ["POLL_SECONDS"]),
        poll_limit=int(os.environ["POLL_LIMIT"]),
        connections=connections,
        batch_size=batch_size(len(tables), connections),
    )
    data_bucket.write(keys.tables(event.run_id), msgspec.json.encode(tables))
    data_bucket.write(keys.run(event.run_id, "plan"), RunPlan(**msgspec.structs.asdict(run), tables=tables))
    return run
