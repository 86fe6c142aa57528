"""What is kept of a run's cost, for the daily report."""

from datetime import date

from msgspec import Struct

from pipeline.costs.estimate import RunCost


class CostRecord(Struct, frozen=True):
    """`costs/<day>/<run_id>.json`: the estimate of a run that began on that day, by UTC as AWS's bills are."""

    run_id: str
    day: date
    cost: RunCost
