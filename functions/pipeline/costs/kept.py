"""What was kept of the costs of runs."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date

from pipeline import keys, lake
from pipeline.costs.record import CostRecord

READERS = 16


def of_days(days: Sequence[date]) -> list[CostRecord]:
    """The costs of all runs that began on one of the days."""
    found = [key for day in days for key in lake.names(keys.costs(day))]
    with ThreadPoolExecutor(READERS) as pool:
        return list(pool.map(lambda key: lake.read(key, CostRecord), found))
