"""The crawler's state, told apart from the run before: READY alone proves nothing."""

from typing import TYPE_CHECKING

from pipeline.contracts.states import CrawlStatus, Progress
from pipeline.errors import CatalogueFailed
from pipeline.run.polling import judge

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import CrawlerTypeDef


def last_start(crawler: "CrawlerTypeDef") -> str:
    """When the crawler's last crawl began, ISO; empty when it never ran."""
    started = crawler.get("LastCrawl", {}).get("StartTime")
    return started.isoformat() if started else ""


def judge_crawl(crawler: "CrawlerTypeDef", crawl: CrawlStatus) -> Progress:
    """Whether our crawl is done. Raises `CatalogueFailed` when it failed or outlived its polls."""
    ours = crawler["State"] == "READY" and last_start(crawler) != crawl.previous_start
    last = crawler.get("LastCrawl", {})
    state = last.get("Status", "RUNNING") if ours else "RUNNING"
    return judge(state, last.get("ErrorMessage", ""), crawl.polls, crawl.poll_limit, CatalogueFailed)
