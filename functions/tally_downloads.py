"""State TallyDownloads: what became of every table that was planned."""

from pipeline import keys, lake
from pipeline.events import DownloadCounts, DownloadOutcome, RunPlan, RunReference
from pipeline.tally import tally
from pipeline.task import task


@task
def handler(run: RunReference) -> DownloadCounts:
    plan = lake.read(keys.run(run.run_id, "plan"), RunPlan)
    downloads = tally([lake.read(keys.outcome(run.run_id, table), DownloadOutcome) for table in plan.tables])
    lake.write(keys.run(run.run_id, "tally"), downloads)
    return DownloadCounts(
        stored=len(downloads.stored), unchanged=len(downloads.unchanged), failed=len(downloads.failed)
    )
