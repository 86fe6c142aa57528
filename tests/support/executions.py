"""Executions of the state machine on the laptop."""

from typing import Any

from local.cloud.aws import LocalAWS


def all_events(aws: LocalAWS, execution: str) -> list[dict[str, Any]]:
    """The events so far of an execution, then those of its batches of tables."""
    children = [event for arn, _ in aws.children(execution) for event in aws.history(arn)]
    return [*aws.history(execution), *children]
