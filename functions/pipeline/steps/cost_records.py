"""The recorded costs of runs, for the daily report."""

from collections.abc import Sequence
from datetime import date

from pipeline.aws import data_bucket
from pipeline.contracts import keys
from pipeline.costs.record import CostRecord


def records_of_days(days: Sequence[date]) -> list[CostRecord]:
    """The recorded costs of the runs that started on these days (UTC)."""
    found = (key for day in days for key in data_bucket.list_keys(keys.costs(day)))
    return data_bucket.read_all(found, CostRecord)
