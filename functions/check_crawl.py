"""State CheckCrawl: say RUNNING or SUCCEEDED; what the crawler found must be the declared schema."""

from msgspec.structs import replace
from pipeline.aws import data_bucket
from pipeline.aws.glue import glue, staged_schema
from pipeline.contracts import keys
from pipeline.contracts.states import CrawlStatus
from pipeline.errors import CatalogueFailed
from pipeline.handler import task
from pipeline.run.crawl import judge_crawl
from pipeline.table import schema


@task
def handler(crawl: CrawlStatus) -> CrawlStatus:
    crawl = replace(crawl, polls=crawl.polls + 1)
    try:
        status = judge_crawl(glue.get_crawler(Name=crawl.crawler)["Crawler"], crawl)
        if status == "SUCCEEDED":
            schema.check_crawled(staged_schema())
    except CatalogueFailed:
        data_bucket.delete_prefix(keys.staged_run(crawl.run_id))  # or it would mislead the next crawl
        raise
    return replace(crawl, status=status)
