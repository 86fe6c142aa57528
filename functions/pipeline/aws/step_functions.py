"""Executions of the pipeline's state machine, by run id: an execution is named after its run."""

import os
from datetime import datetime

from pipeline.aws.clients import client
from pipeline.run import history
from pipeline.run.history import Execution, History

EXECUTIONS = os.environ["PIPELINE_ARN"].replace(":stateMachine:", ":execution:")
NEWEST_EVENTS = 1000  # the most that one GetExecutionHistory returns

states = client("stepfunctions")


def describe_execution(run_id: str) -> Execution:
    """The execution now: DescribeExecution and one page of GetExecutionHistory. Raises LookupError if there is none."""
    arn = f"{EXECUTIONS}:{run_id}"
    try:
        description = states.describe_execution(executionArn=arn)
    except states.exceptions.ExecutionDoesNotExist as error:
        raise LookupError(arn) from error
    newest = states.get_execution_history(executionArn=arn, reverseOrder=True, maxResults=NEWEST_EVENTS)
    return history.read_execution(description, newest["events"])


def ended_before(run_id: str, moment: datetime) -> bool:
    """Whether the execution ended before then (DescribeExecution); one that Step Functions has forgotten did."""
    try:
        ended = states.describe_execution(executionArn=f"{EXECUTIONS}:{run_id}").get("stopDate")
    except states.exceptions.ExecutionDoesNotExist:
        return True
    return ended is not None and ended < moment


def redrives(run_id: str) -> int:
    """How often the execution has been redriven (DescribeExecution)."""
    return states.describe_execution(executionArn=f"{EXECUTIONS}:{run_id}").get("redriveCount", 0)


def read_history(run_id: str) -> History:
    """The execution's history with that of its batches: GetExecutionHistory, and ListExecutions of its Map Run."""
    parent = _read(f"{EXECUTIONS}:{run_id}")
    if not parent.map_run:
        return parent
    pages = states.get_paginator("list_executions").paginate(mapRunArn=parent.map_run)
    return history.combine(parent, [_read(child["executionArn"]) for page in pages for child in page["executions"]])


def _read(arn: str) -> History:
    pages = states.get_paginator("get_execution_history").paginate(executionArn=arn)
    return history.read(event for page in pages for event in page["events"])
