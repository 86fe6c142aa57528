"""State StagePartitions: register the run's Parquet, or say that the crawler has to."""

from pipeline import glue, keys, lake, schema
from pipeline.events import Staging, StagingRequest, Tally
from pipeline.task import task


@task
def handler(run: StagingRequest) -> Staging:
    if run.crawl == "always" or not schema.matches(glue.staged_schema()):
        return Staging(needs_crawl=True)
    tally = lake.read(keys.run(run.run_id, "tally"), Tally)
    glue.add_staged_partitions([(run.run_id, str(table.frequency), table.table_id) for table in tally.stored])
    return Staging(needs_crawl=False)
