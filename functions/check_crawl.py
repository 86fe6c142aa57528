"""State CheckCrawl: say RUNNING or SUCCEEDED; what the crawler found must be the declared schema."""

from msgspec.structs import replace
from pipeline import schema
from pipeline.crawl import judge_crawl
from pipeline.errors import CatalogueFailed
from pipeline.events import CrawlStatus
from pipeline.glue import glue, staged_schema
from pipeline.task import task


@task
def handler(crawl: CrawlStatus) -> CrawlStatus:
    crawl = replace(crawl, polls=crawl.polls + 1)
    status = judge_crawl(glue.get_crawler(Name=crawl.crawler)["Crawler"], crawl)
    if status == "SUCCEEDED":
        staged = staged_schema()
        if staged is None:
            raise CatalogueFailed("the crawler made no table")
        schema.check_crawled(*staged)
    return replace(crawl, status=status)
