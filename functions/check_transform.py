"""State CheckTransform: say RUNNING or SUCCEEDED, and take the run's job away when it has ended."""

from msgspec.structs import replace
from pipeline.aws import databrew
from pipeline.contracts.states import TransformStatus
from pipeline.errors import TransformFailed
from pipeline.handler import task
from pipeline.run.polling import judge


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
