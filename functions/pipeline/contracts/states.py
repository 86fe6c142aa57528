"""Inputs and outputs of the functions behind Task states and triggers.

Unknown fields are rejected; dates are ISO 8601 text, counts are integers.
"""

from typing import Literal

from msgspec import Struct

from pipeline.contracts.base import Contract
from pipeline.frequency import RequestedFrequency

Crawl = Literal["auto", "always"]

Progress = Literal["RUNNING", "SUCCEEDED"]


class RunRequest(Contract):
    """The input of a run: `tables` or a `dataset`, never both.

    A table with a different `frequency` fails; "" allows any. `force` downloads published vintages again.
    """

    tables: list[str] | None = None
    dataset: str | None = None
    frequency: RequestedFrequency = ""
    force: bool = False
    crawl: Crawl = "auto"


class PlanRequest(Contract):
    run_id: str
    request: RunRequest


class RunReference(Contract):
    run_id: str


class PollRequest(Contract):
    """A step that starts a job, which is then polled at most `poll_limit` times."""

    run_id: str
    poll_limit: int


class DownloadRequest(Contract):
    run_id: str
    table_id: str
    force: bool
    frequency: RequestedFrequency = ""


class LaunchRequest(Contract):
    """A large table for a worker, which completes the task with `task_token`; `entered_at` is the state's."""

    run_id: str
    table_id: str
    task_token: str
    entered_at: str
    heartbeat_seconds: int


class LaunchedWorker(Contract):
    instance_id: str
    instance_type: str


class DownloadCounts(Contract):
    stored: int
    unchanged: int
    failed: int


class TransformStatus(Contract):
    """`seconds` is the ExecutionTime of DescribeJobRun, which DataBrew bills."""

    job: str
    job_run_id: str
    polls: int
    poll_limit: int
    status: Progress
    seconds: int = 0


class StagingRequest(Contract):
    run_id: str
    crawl: Crawl


class Staging(Contract):
    needs_crawl: bool


class CrawlStatus(Contract):
    """`previous_start` is when the crawl before this one started, "" if there was none."""

    run_id: str
    crawler: str
    previous_start: str
    polls: int
    poll_limit: int
    status: Progress


class VerificationStatus(Contract):
    run_id: str
    query_id: str
    polls: int
    poll_limit: int
    status: Progress
    scanned_bytes: int = 0


class PublishRequest(Contract):
    run_id: str
    query_id: str
    force: bool


class PublishCounts(Contract):
    published: int
    failed: int


class CostReportRequest(Contract):
    """The daily report as of a time (ISO 8601): EventBridge Scheduler passes the scheduled one."""

    at: str


class WrittenCostReport(Contract):
    """The page's key, and why it shows no bill; "" if it does."""

    key: str
    notice: str


class WrittenReport(Contract):
    """The key of the report's page, and the number of tables on it."""

    key: str
    tables: int


class EndedExecution(Struct):
    """The `detail` of the event; unknown fields are ignored, because AWS may add some."""

    executionArn: str  # noqa: N815 - AWS's name
    name: str
    status: Literal["FAILED", "TIMED_OUT", "ABORTED"]


class ExecutionEnded(Struct):
    """EventBridge's `Step Functions Execution Status Change`, as far as it is used."""

    detail: EndedExecution
