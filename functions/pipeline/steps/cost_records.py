"""The recorded costs of runs, for the daily report."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date

from pipeline.aws import data_bucket
from pipeline.contracts import keys
from pipeline.costs.record import CostRecord

READERS = 16


def records_of_days(days: Sequence[date]) -> list[CostRecord]:
    """The recorded costs of the runs that started on these days (UTC)."""
    records = [key for day in days for key in data_bucket.list_keys(keys.costs(day))]
    with ThreadPoolExecutor(READERS) as pool:
        return list(pool.map(lambda key: data_bucket.read(key, CostRecord), records))
