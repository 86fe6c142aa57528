"""The stored cost of a run, for the daily report."""

from datetime import date

from msgspec import Struct

from pipeline.costs.estimate import RunCost


class CostRecord(Struct, frozen=True):
    """`costs/<day>/<run_id>.json`: the estimate for a run that started on that day, in UTC like AWS's bills."""

    run_id: str
    day: date
    cost: RunCost
