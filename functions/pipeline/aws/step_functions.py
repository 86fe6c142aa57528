"""What Step Functions remembers of an execution."""

import boto3

from pipeline.run.history import Execution

states = boto3.client("stepfunctions")


def describe_execution(execution_arn: str) -> Execution:
    """The execution as it stands. Raises `LookupError` when there is none."""
    try:
        description = states.describe_execution(executionArn=execution_arn)
    except states.exceptions.ExecutionDoesNotExist as error:
        raise LookupError(execution_arn) from error
    events = states.get_execution_history(executionArn=execution_arn, reverseOrder=True, maxResults=1000)["events"]
    entered = [event for event in events if "stateEnteredEventDetails" in event]
    last = max(entered, key=lambda event: event["id"], default=None)
    ended = description.get("stopDate")
    return Execution(
        status=description["status"],
        started_at=description["startDate"].isoformat(timespec="seconds"),
        ended_at=ended.isoformat(timespec="seconds") if ended else None,
        state=last["stateEnteredEventDetails"]["name"] if last else "",
        error=description.get("error", ""),
        cause=description.get("cause", ""),
    )
