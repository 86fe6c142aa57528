"""State CheckTransform: say RUNNING or SUCCEEDED, and take the run's job away when it has ended."""

from msgspec.structs import replace
from pipeline import databrew
from pipeline.errors import TransformFailed
from pipeline.events import TransformStatus
from pipeline.poll import judge
from pipeline.task import task


@task
def handler(transform: TransformStatus) -> TransformStatus:
    state, reason, seconds = databrew.state(transform.job, transform.job_run_id)
    polls = transform.polls + 1
    try:
        status = judge(state, reason, polls, transform.poll_limit, TransformFailed)
    except TransformFailed:
        databrew.stop_and_delete(transform.job, transform.job_run_id)
        raise
    if status == "SUCCEEDED":
        databrew.delete(transform.job)
    return replace(transform, polls=polls, status=status, seconds=seconds)
