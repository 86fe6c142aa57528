"""Trigger: an execution failed, timed out or was aborted. Take away what it left running, and mail what to do."""

from pipeline.aws import data_bucket, databrew, ec2, sns, step_functions
from pipeline.contracts import keys
from pipeline.contracts.states import ExecutionEnded
from pipeline.handler import task
from pipeline.mail.run_mail import Mail, compose_failure
from pipeline.steps import run_cost


@task
def handler(event: ExecutionEnded) -> ExecutionEnded:
    ended = event.detail
    databrew.delete_jobs_of_run(ended.name)
    ec2.terminate(ended.name)
    failure, cost = step_functions.describe_execution(ended.executionArn), run_cost.record_run(ended.name)
    if not told(ended.name) or failure.error != "SomeTablesFailed":
        sns.send(compose_failure(ended, failure, cost.usd))
    return event


def told(run_id: str) -> bool:
    """Whether Notify has mailed which tables failed."""
    return data_bucket.read_optional(keys.run(run_id, "mail"), Mail)[0] is not None
