"""State StartTransform: create and start the run's DataBrew job, once."""

from pipeline.aws import databrew
from pipeline.contracts.states import PollRequest, TransformStatus
from pipeline.handler import task


@task
def handler(run: PollRequest) -> TransformStatus:
    job = databrew.create_job(run.run_id)
    return TransformStatus(
        job=job, job_run_id=databrew.start(job), polls=0, poll_limit=run.poll_limit, status="RUNNING"
    )
