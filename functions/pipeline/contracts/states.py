"""Payloads: what the state machine and the triggers pass to the functions, and what the functions return.

Unknown fields are refused; dates are ISO 8601 text, counts are integers.
"""

from typing import Literal

from msgspec import Struct

from pipeline.contracts.base import Contract
from pipeline.frequency import AskedFrequency

Crawl = Literal["auto", "always"]

Progress = Literal["RUNNING", "SUCCEEDED"]


class RunRequest(Contract):
    """What a person or a schedule asks for: `tables` or a `dataset`, never both.

    A table of another `frequency` than is asked for fails; "" asks for none.
    """

    tables: list[str] | None = None
    dataset: str | None = None
    frequency: AskedFrequency = ""
    force: bool = False
    crawl: Crawl = "auto"


class PlanRequest(Contract):
    run_id: str
    request: RunRequest


class RunReference(Contract):
    run_id: str


class PollRequest(Contract):
    """A step that starts something and is then polled, at most `poll_limit` times."""

    run_id: str
    poll_limit: int


class DownloadRequest(Contract):
    run_id: str
    table_id: str
    force: bool
    frequency: AskedFrequency = ""


class LaunchRequest(Contract):
    """A large table for a worker; whoever has the token answers for the state."""

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
    """`seconds` are those that DataBrew bills."""

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
    """`previous_start` is when the crawl before ours began (empty: never); READY proves nothing without it."""

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
    """The daily report as of a moment, ISO: EventBridge Scheduler says which it was meant for."""

    at: str


class WrittenCostReport(Contract):
    """Where the page lies, and why it shows no bill; "" when it does."""

    key: str
    notice: str


class WrittenReport(Contract):
    """Where the page of a run's report lies, and how many tables it shows."""

    key: str
    tables: int


class EndedExecution(Struct):
    """The `detail` that EventBridge gives of an execution; AWS may add fields, so unknown ones are let pass."""

    executionArn: str  # noqa: N815 - AWS's name
    name: str
    status: Literal["FAILED", "TIMED_OUT", "ABORTED"]


class ExecutionEnded(Struct):
    """EventBridge's `Step Functions Execution Status Change`, as far as we use it."""

    detail: EndedExecution
