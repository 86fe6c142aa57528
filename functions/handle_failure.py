"""Trigger: an execution failed, timed out or was aborted. Stop its jobs and instances, and mail the next step."""

from pipeline.aws import data_bucket, databrew, ec2, sns, step_functions
from pipeline.contracts import keys
from pipeline.contracts.states import ExecutionEnded
from pipeline.handler import task
from pipeline.mail.run_mail import FAIL_STATES, Mail, compose_failure
from pipeline.run.plan import RUN_ID
from pipeline.steps import outcomes, run_cost


@task
def handler(event: ExecutionEnded) -> ExecutionEnded:
    ended = event.detail
    run = step_functions.describe_execution(ended.name)
    if run.status == "RUNNING":  # redriven since: its job and its workers are in use
        return event
    if RUN_ID.fullmatch(ended.name):  # PlanRun has refused any other
        ec2.terminate(ended.name)
        databrew.stop_and_delete(databrew.job_name(ended.name))
    cost = run_cost.record_run(ended.name)
    if not (run.state in FAIL_STATES and notified(ended.name)):
        sns.send(compose_failure(ended, run, cost.usd, outcomes.load_outcomes(ended.name)))
    return event


def notified(run_id: str) -> bool:
    """Whether Notify has sent the mail that lists the failed tables."""
    return data_bucket.read_optional(keys.run(run_id, "mail"), Mail)[0] is not None
