"""State TallyDownloads: collect the outcome of every planned table."""

import os

from pipeline.aws import data_bucket
from pipeline.contracts import keys
from pipeline.contracts.records import RunPlan
from pipeline.contracts.states import DownloadCounts, RunReference
from pipeline.handler import task
from pipeline.run.tally import complete, tally
from pipeline.run.verification import scopes
from pipeline.steps.outcomes import load_downloads

VERIFICATION_CELLS = int(os.environ["VERIFICATION_CELLS"])


@task
def handler(run: RunReference) -> DownloadCounts:
    plan = data_bucket.read(keys.run(run.run_id, "plan"), RunPlan)
    downloads = tally(complete(load_downloads(run.run_id), plan.tables))
    data_bucket.write(keys.run(run.run_id, "tally"), downloads)
    return DownloadCounts(
        stored=len(downloads.stored),
        unchanged=len(downloads.unchanged),
        failed=len(downloads.failed),
        scopes=scopes(downloads.stored, VERIFICATION_CELLS),
    )
