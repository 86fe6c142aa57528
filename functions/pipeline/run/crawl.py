"""The state of a crawl. The crawler's state READY alone proves nothing: it may be the previous run's."""

from typing import TYPE_CHECKING

from pipeline.contracts.states import CrawlStatus, Progress
from pipeline.errors import CatalogueFailed
from pipeline.run.polling import progress

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import CrawlerTypeDef


def last_start(crawler: "CrawlerTypeDef") -> str:
    """When the crawler's last crawl started (ISO 8601), "" if it has never run. From GetCrawler."""
    started = crawler.get("LastCrawl", {}).get("StartTime")
    return started.isoformat() if started else ""


def crawl_progress(crawler: "CrawlerTypeDef", crawl: CrawlStatus) -> Progress:
    """The progress of this run's crawl. Raises `CatalogueFailed` if it failed or exceeded its polls."""
    ours = crawler["State"] == "READY" and last_start(crawler) != crawl.previous_start
    last = crawler.get("LastCrawl", {})
    state = last.get("Status", "RUNNING") if ours else "RUNNING"
    return progress(state, last.get("ErrorMessage", ""), crawl.polls, crawl.poll_limit, CatalogueFailed)
