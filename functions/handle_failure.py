"""Trigger: an execution failed, timed out or was aborted. Take away what it left running, and mail what to do."""

from pipeline import databrew, execution, instances, keys, lake, post
from pipeline.costs import measure
from pipeline.events import ExecutionEnded
from pipeline.mail import Mail, compose_failure
from pipeline.task import task


@task
def handler(event: ExecutionEnded) -> ExecutionEnded:
    ended = event.detail
    databrew.clear(ended.name)
    instances.terminate(ended.name)
    failure, cost = execution.look_up(ended.executionArn), measure.keep(ended.name)
    if not told(ended.name) or failure.error != "SomeTablesFailed":
        post.send(compose_failure(ended, failure, cost.usd))
    return event


def told(run_id: str) -> bool:
    """Whether Notify has mailed which tables failed."""
    return lake.read_if_there(keys.run(run_id, "mail"), Mail)[0] is not None
