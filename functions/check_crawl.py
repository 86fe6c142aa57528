"""State CheckCrawl: say RUNNING or SUCCEEDED; what the crawler found must be the declared schema."""

from msgspec.structs import replace
from pipeline import keys, lake, schema
from pipeline.crawl import judge_crawl
from pipeline.errors import CatalogueFailed
from pipeline.events import CrawlStatus
from pipeline.glue import glue, staged_schema
from pipeline.task import task


@task
def handler(crawl: CrawlStatus) -> CrawlStatus:
    crawl = replace(crawl, polls=crawl.polls + 1)
    try:
        status = judge_crawl(glue.get_crawler(Name=crawl.crawler)["Crawler"], crawl)
        if status == "SUCCEEDED":
            schema.check_crawled(staged_schema())
    except CatalogueFailed:
        lake.delete_folder(keys.staged_run(crawl.run_id))  # or it would mislead the next crawl
        raise
    return replace(crawl, status=status)
