"""Records of a run in S3, as JSON objects. Unknown fields are refused."""

from typing import Literal

from msgspec import field

from pipeline.contracts.base import Contract
from pipeline.contracts.states import Crawl
from pipeline.frequency import AskedFrequency, Frequency

DownloadStatus = Literal["stored", "unchanged", "failed", "large"]


class RunPlan(Contract):
    """The run as decided; `poll_limit` caps the polls of each wait."""

    run_id: str
    tables: list[str]
    force: bool
    crawl: Crawl
    poll_seconds: int
    poll_limit: int
    frequency: AskedFrequency = ""


class TableError(Contract):
    """What a failed Task leaves: the error's name and Lambda's JSON description of it."""

    Error: str
    Cause: str = ""


class DownloadOutcome(Contract):
    """`runs/<run_id>/tables/<table_id>.json`: what became of one table's download."""

    table_id: str
    status: DownloadStatus
    frequency: Frequency | None = None
    vintage: str | None = None
    observations: int = 0
    pages: int = 0
    error: TableError | None = None


class Tally(Contract):
    """`runs/<run_id>/tally.json`: all downloads of the run."""

    stored: list[DownloadOutcome] = field(default_factory=list)
    unchanged: list[DownloadOutcome] = field(default_factory=list)
    failed: list[DownloadOutcome] = field(default_factory=list)


class PublishOutcome(Contract):
    """`runs/<run_id>/published.json`: which tables readers see anew, and which lost against another run."""

    published: list[str]
    failed: list[DownloadOutcome]


class WorkerJob(Contract):
    """`runs/<run_id>/workers/<table_id>/<attempt>/job.json`: a large table for one EC2 instance.

    `attempt` names the task token: the first 16 hexadecimal digits of its SHA-256.
    """

    run_id: str
    table_id: str
    attempt: str
    task_token: str
    connections: int
    heartbeat_seconds: int
