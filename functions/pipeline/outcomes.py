"""What has become of a run's tables so far, from what its steps have written."""

from concurrent.futures import ThreadPoolExecutor

from pipeline import keys, lake
from pipeline.events import DownloadOutcome, Outcomes, PublishOutcome, RunPlan, Tally
from pipeline.tally import tally

READERS = 16


def of_run(run_id: str) -> Outcomes:
    """The tables of a run; none are planned before PlanRun has ended."""
    plan, _ = lake.read_if_there(keys.run(run_id, "plan"), RunPlan)
    downloads, _ = lake.read_if_there(keys.run(run_id, "tally"), Tally)
    published, _ = lake.read_if_there(keys.run(run_id, "published"), PublishOutcome)
    return Outcomes(
        planned=len(plan.tables) if plan else 0, downloads=downloads or _so_far(run_id), published=published
    )


def _so_far(run_id: str) -> Tally:
    with ThreadPoolExecutor(READERS) as pool:
        return tally(pool.map(lambda key: lake.read(key, DownloadOutcome), lake.names(keys.outcomes(run_id))))
