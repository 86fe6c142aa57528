"""What the states hand to each other. Unknown fields are refused; dates are ISO text, counts are integers."""

from typing import Literal

from msgspec import Struct, field

Crawl = Literal["auto", "always"]
Frequency = Literal["monthly", "quarterly", "half_yearly", "yearly", "cross_sectional"]
AskedFrequency = Frequency | Literal[""]
Progress = Literal["RUNNING", "SUCCEEDED"]
DownloadStatus = Literal["stored", "unchanged", "failed", "large"]


class Event(Struct, forbid_unknown_fields=True, kw_only=True):
    """The base of all payloads."""


class RunRequest(Event):
    """What a person or a schedule asks for: `tables` or a `dataset`, never both.

    A table of another `frequency` than is asked for fails; "" asks for none.
    """

    tables: list[str] | None = None
    dataset: str | None = None
    frequency: AskedFrequency = ""
    force: bool = False
    crawl: Crawl = "auto"


class PlanRequest(Event):
    run_id: str
    request: RunRequest


class RunPlan(Event):
    """The run as decided; `poll_limit` caps the polls of each wait."""

    run_id: str
    tables: list[str]
    force: bool
    crawl: Crawl
    poll_seconds: int
    poll_limit: int
    frequency: AskedFrequency = ""


class RunReference(Event):
    run_id: str


class PollRequest(Event):
    """A step that starts something and is then polled, at most `poll_limit` times."""

    run_id: str
    poll_limit: int


class DownloadRequest(Event):
    run_id: str
    table_id: str
    force: bool
    frequency: AskedFrequency = ""


class LaunchRequest(Event):
    """A large table for a worker; whoever has the token answers for the state."""

    run_id: str
    table_id: str
    task_token: str
    entered_at: str
    heartbeat_seconds: int


class LaunchedWorker(Event):
    instance_id: str
    instance_type: str


class TableError(Event):
    """What a failed Task leaves: the error's name and Lambda's JSON description of it."""

    Error: str
    Cause: str = ""


class DownloadOutcome(Event):
    """`runs/<run_id>/tables/<table_id>.json`: what became of one table's download."""

    table_id: str
    status: DownloadStatus
    frequency: Frequency | None = None
    vintage: str | None = None
    observations: int = 0
    pages: int = 0
    error: TableError | None = None


class Tally(Event):
    """`runs/<run_id>/tally.json`: all downloads of the run."""

    stored: list[DownloadOutcome] = field(default_factory=list)
    unchanged: list[DownloadOutcome] = field(default_factory=list)
    failed: list[DownloadOutcome] = field(default_factory=list)


class DownloadCounts(Event):
    stored: int
    unchanged: int
    failed: int


class TransformStatus(Event):
    """`seconds` are those that DataBrew bills."""

    job: str
    job_run_id: str
    polls: int
    poll_limit: int
    status: Progress
    seconds: int = 0


class StagingRequest(Event):
    run_id: str
    crawl: Crawl


class Staging(Event):
    needs_crawl: bool


class CrawlStatus(Event):
    """`previous_start` is when the crawl before ours began (empty: never); READY proves nothing without it."""

    run_id: str
    crawler: str
    previous_start: str
    polls: int
    poll_limit: int
    status: Progress


class VerificationStatus(Event):
    run_id: str
    query_id: str
    polls: int
    poll_limit: int
    status: Progress
    scanned_bytes: int = 0


class PublishRequest(Event):
    run_id: str
    query_id: str
    force: bool


class PublishOutcome(Event):
    """`runs/<run_id>/published.json`: which tables readers see anew, and which lost against another run."""

    published: list[str]
    failed: list[DownloadOutcome]


class Outcomes(Event):
    """What has become of a run's tables so far; `published` is None until that step has ended."""

    planned: int
    downloads: Tally
    published: PublishOutcome | None

    @property
    def news(self) -> list[DownloadOutcome]:
        """The tables that readers see anew."""
        names = self.published.published if self.published else []
        return [table for table in self.downloads.stored if table.table_id in names]

    @property
    def failed(self) -> list[DownloadOutcome]:
        """The tables that could not be downloaded, or lost against another run."""
        return [*self.downloads.failed, *(self.published.failed if self.published else [])]


class PublishCounts(Event):
    published: int
    failed: int


class CostReportRequest(Event):
    """The daily report as of a moment, ISO: EventBridge Scheduler says which it was meant for."""

    at: str


class WrittenCostReport(Event):
    """Where the page lies, and why it shows no bill; "" when it does."""

    key: str
    notice: str


class WrittenReport(Event):
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


class Execution(Event):
    """An execution: the state last entered, when it began and ended (ISO), and why it failed.

    `error` and `cause` are empty unless it failed; `cause` may be a Lambda's JSON description of its error.
    """

    status: str
    state: str
    started_at: str
    ended_at: str | None
    error: str
    cause: str


class ApiRequest(Struct, rename="camel"):
    """What API Gateway hands to a function, as far as we use it."""

    path_parameters: dict[str, str]


class ApiAnswer(Struct, rename="camel"):
    """What API Gateway makes its answer of."""

    status_code: int
    headers: dict[str, str]
    body: str = ""


class WorkerJob(Event):
    """`runs/<run_id>/workers/<table_id>/<attempt>/job.json`: a large table for one EC2 instance.

    `attempt` names the task token: the first 16 hexadecimal digits of its SHA-256.
    """

    run_id: str
    table_id: str
    attempt: str
    task_token: str
    connections: int
    heartbeat_seconds: int
