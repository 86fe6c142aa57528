"""State StartCrawl: start the crawler on the staged Parquet."""

import os

from pipeline.aws.clients import client
from pipeline.contracts.states import CrawlStatus, PollRequest
from pipeline.errors import CatalogueBusy
from pipeline.handler import task
from pipeline.run.crawl import last_start

CRAWLER = os.environ["CRAWLER_NAME"]
glue = client("glue")


@task
def handler(run: PollRequest) -> CrawlStatus:
    """Raises `CatalogueBusy` if the crawler is running for another run."""
    previous_start = last_start(glue.get_crawler(Name=CRAWLER)["Crawler"])
    try:
        glue.start_crawler(Name=CRAWLER)
    except glue.exceptions.CrawlerRunningException as error:
        raise CatalogueBusy(f"the crawler {CRAWLER} is running for another run") from error
    return CrawlStatus(
        run_id=run.run_id,
        crawler=CRAWLER,
        previous_start=previous_start,
        polls=0,
        poll_limit=run.poll_limit,
        status="RUNNING",
    )
