"""The estimated cost of a run, from its execution history: during the last states of the run, or later."""

import os
from datetime import UTC, datetime

from pipeline.aws import data_bucket, step_functions
from pipeline.contracts import keys
from pipeline.costs import usage
from pipeline.costs.estimate import RunCost, estimate
from pipeline.costs.record import CostRecord
from pipeline.run.history import History


def estimate_run(run_id: str) -> RunCost:
    """The cost of the run so far and of its remaining states."""
    return _record(run_id, step_functions.read_history(run_id)).cost


def record_run(run_id: str, history: History) -> RunCost:
    """The same, stored for the daily report as `costs/<day>/<run_id>.json`. Overwrites an earlier record."""
    record = _record(run_id, history)
    data_bucket.write(keys.cost(record.day, run_id), record)
    return record.cost


def _record(run_id: str, history: History) -> CostRecord:
    used = usage.measure(history, datetime.now(UTC))
    cost = estimate(used, os.environ["AWS_REGION"], os.environ["ARCHITECTURE"])
    return CostRecord(run_id, history.began.astimezone(UTC).date(), cost)
