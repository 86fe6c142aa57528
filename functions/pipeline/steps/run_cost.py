"""The estimated cost of a run, from its execution history: during the last states of the run, or later."""

import os
from datetime import UTC, datetime

from pipeline.aws import data_bucket, step_functions
from pipeline.contracts import keys
from pipeline.costs import usage
from pipeline.costs.estimate import RunCost, estimate
from pipeline.costs.record import CostRecord
from pipeline.costs.usage import Usage
from pipeline.run.history import History


def estimate_run(run_id: str) -> RunCost:
    """The cost of the run so far and of its remaining states."""
    return _record(run_id).cost


def record_run(run_id: str) -> RunCost:
    """The same, stored for the daily report as `costs/<day>/<run_id>.json`. Overwrites an earlier record."""
    record = _record(run_id)
    data_bucket.write(keys.cost(record.day, run_id), record)
    return record.cost


def _record(run_id: str) -> CostRecord:
    now, history = datetime.now(UTC), step_functions.read_history(run_id)
    used = usage.measure(history, now, _batches(run_id, history, now))
    cost = estimate(used, os.environ["AWS_REGION"], os.environ["ARCHITECTURE"])
    return CostRecord(run_id, history.began.astimezone(UTC).date(), cost)


def _batches(run_id: str, history: History, now: datetime) -> Usage:
    """Of the batches, whose histories are up to 200.

    Once all have ended, what they used is recorded as `runs/<run_id>/batches.json`.
    """
    if not history.map_run:
        return usage.NOTHING
    key = keys.run(run_id, "batches")
    known, _ = data_bucket.read_optional(key, Usage)
    if known:
        return known
    used = usage.measure_batches(step_functions.read_batches(history.map_run), now)
    if history.states["DownloadTables"].left:
        data_bucket.write(key, used)
    return used
