"""State PlanRun: resolve the request to table ids, or refuse it before any download."""

import os

from pipeline.aws import data_bucket
from pipeline.contracts import keys
from pipeline.contracts.records import RunPlan
from pipeline.contracts.states import PlanRequest
from pipeline.handler import task
from pipeline.run.plan import check_run_id, plan_tables
from pipeline.steps.lists import requested_lists


@task
def handler(event: PlanRequest) -> RunPlan:
    """Raises `InputInvalid` for a request that cannot be run."""
    request = event.request
    check_run_id(event.run_id)
    plan = RunPlan(
        run_id=event.run_id,
        tables=plan_tables(request, requested_lists(request)),
        frequency=request.frequency,
        force=request.force,
        accept=request.accept,
        refresh=request.refresh,
        rollback=request.rollback,
        forget=request.forget,
        crawl=request.crawl,
        poll_seconds=int(os.environ["POLL_SECONDS"]),
        poll_limit=int(os.environ["POLL_LIMIT"]),
    )
    data_bucket.write(keys.run(event.run_id, "plan"), plan)
    return plan
