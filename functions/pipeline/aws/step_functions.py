"""Executions of the pipeline's state machine, by run id: an execution is named after its run."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from botocore.config import Config

from pipeline.aws.clients import client
from pipeline.run import history
from pipeline.run.history import Execution, History

EXECUTIONS = os.environ["PIPELINE_ARN"].replace(":stateMachine:", ":execution:")
MOST = 1000  # events or executions in one answer; by default it has 100
READERS = 8

states = client("stepfunctions", config=Config(retries={"mode": "standard", "max_attempts": 10}))


def describe_execution(run_id: str) -> Execution:
    """The execution now: DescribeExecution and one page of GetExecutionHistory. Raises LookupError if there is none."""
    arn = f"{EXECUTIONS}:{run_id}"
    try:
        description = states.describe_execution(executionArn=arn)
    except states.exceptions.ExecutionDoesNotExist as error:
        raise LookupError(arn) from error
    newest = states.get_execution_history(executionArn=arn, reverseOrder=True, maxResults=MOST)
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
    """The execution's history, without those of its batches (GetExecutionHistory)."""
    return _read(f"{EXECUTIONS}:{run_id}")


def read_batches(map_run: str) -> Iterator[History]:
    """The histories of a Map Run's executions, in parallel (ListExecutions, and GetExecutionHistory for each)."""
    pages = states.get_paginator("list_executions").paginate(mapRunArn=map_run, PaginationConfig={"PageSize": MOST})
    with ThreadPoolExecutor(READERS) as pool:
        yield from pool.map(_read, (child["executionArn"] for page in pages for child in page["executions"]))


def _read(arn: str) -> History:
    pages = states.get_paginator("get_execution_history").paginate(
        executionArn=arn, PaginationConfig={"PageSize": MOST}
    )
    return history.read(event for page in pages for event in page["events"])
