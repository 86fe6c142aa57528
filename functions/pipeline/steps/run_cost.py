"""The cost of a run on AWS, measured from the history of its execution while its last states run, or later."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import boto3

from pipeline.aws import data_bucket
from pipeline.contracts import keys
from pipeline.costs import usage
from pipeline.costs.estimate import RunCost, estimate
from pipeline.costs.record import CostRecord
from pipeline.run import history

READERS = 16
PIPELINE_ARN = os.environ["PIPELINE_ARN"]

states = boto3.client("stepfunctions")


def estimate_run(run_id: str) -> RunCost:
    """What the run has cost so far, and what its last states will."""
    return _record(run_id).cost


def record_run(run_id: str) -> RunCost:
    """The same, and kept for the daily report in `costs/<day>/<run_id>.json`; keeping it again replaces it."""
    record = _record(run_id)
    data_bucket.write(keys.cost(record.day, run_id), record)
    return record.cost


def records_of_days(days: Sequence[date]) -> list[CostRecord]:
    """The costs of all runs that began on one of the days."""
    found = [key for day in days for key in data_bucket.list_keys(keys.costs(day))]
    with ThreadPoolExecutor(READERS) as pool:
        return list(pool.map(lambda key: data_bucket.read(key, CostRecord), found))


def _record(run_id: str) -> CostRecord:
    arn = f"{PIPELINE_ARN.replace(':stateMachine:', ':execution:')}:{run_id}"
    pages = states.get_paginator("get_execution_history").paginate(executionArn=arn)
    run = history.read(event for page in pages for event in page["events"])
    used = usage.measure(run, datetime.now(UTC))
    cost = estimate(used, os.environ["AWS_REGION"], os.environ["ARCHITECTURE"])
    return CostRecord(run_id, run.began.astimezone(UTC).date(), cost)
