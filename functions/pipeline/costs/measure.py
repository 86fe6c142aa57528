"""The cost of a run on AWS, measured from the history of its execution while its last states run, or later."""

import os
from datetime import UTC, datetime

import boto3

from pipeline import keys, lake
from pipeline.costs import history, usage
from pipeline.costs.estimate import RunCost, estimate
from pipeline.costs.record import CostRecord

PIPELINE_ARN = os.environ["PIPELINE_ARN"]

states = boto3.client("stepfunctions")


def of_run(run_id: str) -> RunCost:
    """What the run has cost so far, and what its last states will."""
    return _record(run_id).cost


def keep(run_id: str) -> RunCost:
    """The same, and kept for the daily report in `costs/<day>/<run_id>.json`; keeping it again replaces it."""
    record = _record(run_id)
    lake.write(keys.cost(record.day, run_id), record)
    return record.cost


def _record(run_id: str) -> CostRecord:
    arn = f"{PIPELINE_ARN.replace(':stateMachine:', ':execution:')}:{run_id}"
    pages = states.get_paginator("get_execution_history").paginate(executionArn=arn)
    run = history.read(event for page in pages for event in page["events"])
    used = usage.measure(run, datetime.now(UTC))
    cost = estimate(used, os.environ["AWS_REGION"], os.environ["ARCHITECTURE"])
    return CostRecord(run_id, run.began.astimezone(UTC).date(), cost)
