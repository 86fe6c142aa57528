"""Records of a run in S3: JSON objects. Unknown fields are rejected."""

from typing import Literal

from msgspec import field

from pipeline.contracts.base import Contract
from pipeline.contracts.states import PlannedRun
from pipeline.errors import Failure
from pipeline.frequency import Frequency

DownloadStatus = Literal["stored", "unchanged", "failed", "large"]


class RunPlan(PlannedRun, kw_only=True):
    """`runs/<run_id>/plan.json`; a refresh, rollback or forget has no `tables`."""

    tables: list[str]


class TableList(Contract):
    """`lists/<name>.json`: the ids of the tables that a run of this list downloads."""

    tables: list[str]


class DownloadOutcome(Contract):
    """`runs/<run_id>/tables/<table_id>.json`: the outcome of one table's download.

    The state machine itself records a failed one: until it is tallied, `error` has only Error and Cause, the latter
    with Lambda's JSON.
    """

    table_id: str
    status: DownloadStatus
    frequency: Frequency | None = None
    vintage: str | None = None
    observations: int = 0
    pages: int = 0
    error: Failure | None = None

    @property
    def failure(self) -> Failure:
        """Why the table failed; without an error's name if none was recorded."""
        return self.error or Failure(error="", table_id=self.table_id)


class Checked(Contract):
    """`runs/<run_id>/checked/<first table of the batch>.json`: the outcomes known without a download."""

    outcomes: list[DownloadOutcome]


class Outage(Contract):
    """`runs/<run_id>/outage.json`: the tables that SingStat did not answer for, since the last one that it did."""

    tables: list[str]


class Tally(Contract):
    """`runs/<run_id>/tally.json`: all downloads of the run, by status."""

    stored: list[DownloadOutcome] = field(default_factory=list)
    unchanged: list[DownloadOutcome] = field(default_factory=list)
    failed: list[DownloadOutcome] = field(default_factory=list)


class PublishOutcome(Contract):
    """`runs/<run_id>/published.json`: ids of the published tables, and those not verified or not published."""

    published: list[str]
    failed: list[DownloadOutcome]


class WorkerJob(Contract):
    """`workers/<run_id>/<table_id>/<attempt>/job.json`: a large table for one EC2 instance.

    `attempt` is the first 16 hexadecimal digits of the task token's SHA-256.
    """

    run_id: str
    table_id: str
    attempt: str
    task_token: str
    connections: int
    heartbeat_seconds: int
