"""What Step Functions remembers of an execution."""

import boto3

from pipeline.events import Failure

states = boto3.client("stepfunctions")


def failure(execution_arn: str) -> Failure:
    """The error and cause of an ended execution, and the state that it was in."""
    description = states.describe_execution(executionArn=execution_arn)
    events = states.get_execution_history(executionArn=execution_arn, reverseOrder=True, maxResults=1000)["events"]
    entered = [event for event in events if "stateEnteredEventDetails" in event]
    last = max(entered, key=lambda event: event["id"], default=None)
    return Failure(
        state=last["stateEnteredEventDetails"]["name"] if last else "",
        error=description.get("error", ""),
        cause=description.get("cause", ""),
    )
