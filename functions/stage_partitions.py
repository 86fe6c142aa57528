"""State StagePartitions: delete the finished DataBrew job and register its Parquet, or ask for a crawl."""

from pipeline.aws import data_bucket, databrew, glue
from pipeline.contracts import keys
from pipeline.contracts.records import Tally
from pipeline.contracts.states import Staging, StagingRequest
from pipeline.handler import task
from pipeline.table import schema


@task
def handler(run: StagingRequest) -> Staging:
    databrew.delete(databrew.job_name(run.run_id))
    if run.crawl == "always" or not schema.matches(glue.staged_schema()):
        return Staging(needs_crawl=True)
    tally = data_bucket.read(keys.run(run.run_id, "tally"), Tally)
    glue.add_staged_partitions([(run.run_id, str(table.frequency), table.table_id) for table in tally.stored])
    return Staging(needs_crawl=False)
