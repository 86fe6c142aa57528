"""State CheckCrawl: return RUNNING or SUCCEEDED; a crawled schema must equal the declared one."""

from msgspec.structs import replace
from pipeline.aws import data_bucket
from pipeline.aws.glue import glue, staged_schema
from pipeline.contracts import keys
from pipeline.contracts.states import CrawlStatus
from pipeline.errors import CatalogueFailed
from pipeline.handler import task
from pipeline.run.crawl import crawl_progress
from pipeline.table import schema


@task
def handler(crawl: CrawlStatus) -> CrawlStatus:
    """Raises `CatalogueFailed` if the crawl failed or timed out, or found another schema."""
    crawl = replace(crawl, polls=crawl.polls + 1)
    try:
        status = crawl_progress(glue.get_crawler(Name=crawl.crawler)["Crawler"], crawl)
        if status == "SUCCEEDED":
            schema.check_crawled(staged_schema())
    except CatalogueFailed:
        data_bucket.delete_prefix(
            keys.staged_run(crawl.run_id)
        )  # these files would distort the schema of the next crawl
        raise
    return replace(crawl, status=status)
