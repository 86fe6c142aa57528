"""The outcomes of a run's tables so far, and the manifests of its downloads, from the run's records."""

from itertools import chain

from pipeline.aws import data_bucket
from pipeline.contracts import keys
from pipeline.contracts.records import Checked, DownloadOutcome, PublishOutcome, RunPlan, Tally
from pipeline.run.outcomes import RunOutcomes
from pipeline.run.tally import tally
from pipeline.table.manifest import Manifest


def load_outcomes(run_id: str) -> RunOutcomes:
    """The outcomes of a run's tables; `planned` is 0 until PlanRun has ended."""
    plan, _ = data_bucket.read_optional(keys.run(run_id, "plan"), RunPlan)
    downloads, _ = data_bucket.read_optional(keys.run(run_id, "tally"), Tally)
    if downloads is None:  # TallyDownloads has not ended
        downloads = tally(load_downloads(run_id).values())
    published, _ = data_bucket.read_optional(keys.run(run_id, "published"), PublishOutcome)
    return RunOutcomes(planned=len(plan.tables) if plan else 0, downloads=downloads, published=published)


def load_downloads(run_id: str) -> dict[str, DownloadOutcome]:
    """The outcomes recorded so far, by table; that of a download replaces that of a check."""
    checked = data_bucket.read_all(data_bucket.list_keys(keys.checked(run_id)), Checked)
    downloaded = data_bucket.read_all(data_bucket.list_keys(keys.outcomes(run_id)), DownloadOutcome)
    outcomes = chain(chain.from_iterable(batch.outcomes for batch in checked), downloaded)
    return {outcome.table_id: outcome for outcome in outcomes}


def load_manifests(run_id: str, downloads: Tally) -> list[Manifest]:
    """The manifests of the run's stored tables, in their order."""
    return data_bucket.read_all(
        (keys.manifest(str(table.frequency), table.table_id, run_id) for table in downloads.stored), Manifest
    )
