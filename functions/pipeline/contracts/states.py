"""Inputs and outputs of the functions behind Task states and triggers.

Unknown fields are rejected; dates are ISO 8601 text, counts are integers.
"""

from typing import Literal

from msgspec import Struct, field

from pipeline.contracts.base import Contract
from pipeline.frequency import RequestedFrequency

Crawl = Literal["auto", "always"]

Progress = Literal["RUNNING", "SUCCEEDED"]


class Rollback(Contract):
    """Readers go back to the edition or vintage `to`. `by` is who asks for it."""

    table: str
    to: str
    by: str = ""


class Forget(Contract):
    """An edition, or all of a vintage, is taken from the published ones. `by` is who asks for it."""

    table: str
    vintage: str
    by: str = ""


class RunRequest(Contract):
    """The input of an execution: exactly one of `tables`, `list`, `dataset`, `refresh`, `rollback` and `forget`.

    `list` names a list of tables, and so does `dataset`, its earlier name. A table with a different `frequency` fails;
    "" allows any. `force` downloads published vintages again; `accept` publishes what a gate of PublishTables refuses.
    `refresh` lists SingStat's tables instead of downloading any.
    """

    tables: list[str] | None = None
    list_name: str | None = field(default=None, name="list")
    dataset: str | None = None
    frequency: RequestedFrequency = ""
    force: bool = False
    accept: bool = False
    crawl: Crawl = "auto"
    refresh: Literal["catalogue"] | None = None
    rollback: Rollback | None = None
    forget: Forget | None = None


class PlanRequest(Contract):
    run_id: str
    request: RunRequest


class RunReference(Contract):
    run_id: str


class PollRequest(Contract):
    """A step that starts a job, which is then polled at most `poll_limit` times."""

    run_id: str
    poll_limit: int


class PlannedRun(Contract):
    """What PlanRun passes on; the tables are in S3. Each wait polls every `poll_seconds`, at most `poll_limit` times.

    A `refresh`, `rollback` or `forget` is carried out instead of a run. Tables are downloaded in batches of
    `batch_size`, `connections` of them at a time.
    """

    run_id: str
    force: bool
    crawl: Crawl
    poll_seconds: int
    poll_limit: int
    frequency: RequestedFrequency = ""
    accept: bool = False
    refresh: Literal["catalogue"] | None = None
    rollback: Rollback | None = None
    forget: Forget | None = None
    connections: int = 1
    batch_size: int = 1


class DownloadOptions(Contract):
    """What of a request concerns each of its tables."""

    run_id: str
    force: bool
    accept: bool = False
    frequency: RequestedFrequency = ""


class CheckRequest(DownloadOptions, kw_only=True):
    """A batch of tables."""

    tables: list[str]


class CheckedTables(Contract):
    """The tables of the batch that are to be downloaded, and the number of the others."""

    tables: list[str]
    unchanged: int


class DownloadRequest(DownloadOptions, kw_only=True):
    table_id: str


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


class Scope(Contract):
    """The tables of a run whose ids are between `first` and `last`, both included; by default all."""

    first: str = ""
    last: str = "~"


class DownloadCounts(Contract):
    """How many tables were stored, are unchanged or failed; `scopes` divides the stored ones among queries."""

    stored: int
    unchanged: int
    failed: int
    scopes: list[Scope]


class CleanedUp(Contract):
    """The number of staged files removed."""

    files: int


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
    """A query over the first of `scopes`, those left to verify; PENDING before it is started.

    Of the `queries` started so far `answered` have succeeded. `polls` and `scanned_bytes` are those of the last.
    `redrives` of the execution were known when the first was started.
    """

    run_id: str
    poll_limit: int
    scopes: list[Scope] = field(default_factory=lambda: [Scope()])
    queries: int = 0
    answered: int = 0
    query_id: str = ""
    polls: int = 0
    status: Literal["PENDING"] | Progress = "PENDING"
    scanned_bytes: int = 0
    redrives: int = 0


class PublishRequest(Contract):
    run_id: str
    force: bool
    accept: bool = False


class PublishCounts(Contract):
    """The tables published so far, those that failed, and those left for another visit."""

    published: int
    failed: int
    left: int = 0


class RestoreRequest(Contract):
    """One of `rollback` and `forget`, asked for at `at` (ISO 8601)."""

    run_id: str
    at: str
    rollback: Rollback | None
    forget: Forget | None


class CatalogueRequest(Contract):
    run_id: str
    accept: bool


class CatalogueCounts(Contract):
    """Tables that SingStat lists, those among them that are new, and those retired since the last refresh."""

    listed: int
    new: int
    retired: int


class Restored(Contract):
    """The edition that readers of the table see now; "" if they see none."""

    table_id: str
    edition: str


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
