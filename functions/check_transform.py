"""State CheckTransform: poll the run's DataBrew job."""

from msgspec.structs import replace
from pipeline.aws import databrew
from pipeline.contracts.states import TransformStatus
from pipeline.errors import TransformFailed
from pipeline.handler import task
from pipeline.run.polling import progress


@task
def handler(transform: TransformStatus) -> TransformStatus:
    """Raises `TransformFailed` if the job failed or timed out, `TransformLost` if it was deleted."""
    state, reason, seconds = databrew.state(transform.job, transform.job_run_id)
    polls = transform.polls + 1
    status = progress(state, reason, polls, transform.poll_limit, TransformFailed)
    return replace(transform, polls=polls, status=status, seconds=seconds)
