"""The outcomes of a run's tables so far, from the run's records."""

from concurrent.futures import ThreadPoolExecutor

from pipeline.aws import data_bucket
from pipeline.contracts import keys
from pipeline.contracts.records import DownloadOutcome, PublishOutcome, RunPlan, Tally
from pipeline.run.outcomes import RunOutcomes
from pipeline.run.tally import tally

READERS = 16


def load_outcomes(run_id: str) -> RunOutcomes:
    """The outcomes of a run's tables; `planned` is 0 until PlanRun has ended."""
    plan, _ = data_bucket.read_optional(keys.run(run_id, "plan"), RunPlan)
    downloads, _ = data_bucket.read_optional(keys.run(run_id, "tally"), Tally)
    published, _ = data_bucket.read_optional(keys.run(run_id, "published"), PublishOutcome)
    return RunOutcomes(
        planned=len(plan.tables) if plan else 0, downloads=downloads or _tally(run_id), published=published
    )


def _tally(run_id: str) -> Tally:
    """The downloads recorded so far, before TallyDownloads has ended."""
    with ThreadPoolExecutor(READERS) as pool:
        return tally(
            pool.map(lambda key: data_bucket.read(key, DownloadOutcome), data_bucket.list_keys(keys.outcomes(run_id)))
        )
