"""The billed quantities of a run, from its execution history alone."""

import math
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from msgspec import Struct, field

from pipeline.run.history import History, Try

# As in template.yaml; the other functions have the memory of its Globals.
MEMORY_MB = {"DownloadTable": 1769, "WriteReport": 1769}
DEFAULT_MB = 512
LAST_STATES = ("Notify", "IsComplete?", "Complete")  # the end of a run that is measured before it ends
LAST_SECONDS = Decimal(2)  # assumed for a function outside the history: Notify before it runs, HandleFailure
NODES = 2  # of a DataBrew job, as in pipeline/aws/databrew.py
CRAWL_DPUS, CRAWL_LEAST_SECONDS = 2, 600
QUERY_LEAST_BYTES = 10_000_000
INSTANCE_LEAST_SECONDS = 60


class Requests(Struct, frozen=True):
    """S3 requests by price: PUT, COPY and LIST, and GET and HEAD."""

    puts: int
    gets: int

    def times(self, number: int) -> "Requests":
        """This many times the requests."""
        return Requests(self.puts * number, self.gets * number)


# The history does not contain S3 requests: they are derived from what the run wrote; a test counts them on the laptop.
EACH_RUN = Requests(7, 7)  # plan, tables, two lists, tally, usage of the batches, cost
EACH_BATCH = Requests(1, 1)  # the outcomes of its check
EACH_CHECKED_TABLE = Requests(0, 1)  # its publication
EACH_TABLE = Requests(1, 2)  # its outcome and its publication
EACH_STORED_TABLE = Requests(11, 12)  # metadata, rows, manifest, publication, staged file, description, report
EACH_PAGE = Requests(1, 1)  # stored, then read by the report
EACH_WORKER = Requests(5, 4)  # job, code, checkpoints
EACH_CHUNK = Requests(3, 0)  # written, copied, checkpoint
EACH_TRANSFORM = Requests(7, 12)  # lists by DataBrew and Athena, two records
EACH_QUERY = Requests(3, 3)  # its result, tally, verification


class Work(Struct, frozen=True, kw_only=True):
    """How much is done: tables checked in batches, downloads, those stored, pages, jobs of DataBrew, queries."""

    runs: int = 0
    batches: int = 0
    checked: int = 0
    downloads: int = 0
    stored: int = 0
    pages: int = 0
    workers: int = 0
    chunks: int = 0
    transforms: int = 0
    queries: int = 0

    @property
    def requests(self) -> Requests:
        """Its S3 requests."""
        parts = (
            EACH_RUN.times(self.runs),
            EACH_BATCH.times(self.batches),
            EACH_CHECKED_TABLE.times(self.checked),
            EACH_TABLE.times(self.downloads),
            EACH_STORED_TABLE.times(self.stored),
            EACH_PAGE.times(self.pages),
            EACH_WORKER.times(self.workers),
            EACH_CHUNK.times(self.chunks),
            EACH_TRANSFORM.times(self.transforms),
            EACH_QUERY.times(self.queries),
        )
        return Requests(sum(part.puts for part in parts), sum(part.gets for part in parts))


class Usage(Struct, frozen=True, kw_only=True):
    """Billed quantities with minimums applied. `puts` and `gets` are S3 requests, `key_requests` KMS requests."""

    transitions: int = 0
    invocations: int = 0
    gb_seconds: Decimal = Decimal(0)
    instance_seconds: dict[str, int] = field(default_factory=dict)
    node_minutes: int = 0
    dpu_seconds: int = 0
    scanned_bytes: int = 0
    puts: int = 0
    gets: int = 0
    key_requests: int = 0
    mails: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        """The usage of both."""
        sums = {name: getattr(self, name) + getattr(other, name) for name in COUNTS}
        return Usage(**sums, instance_seconds=Counter(self.instance_seconds) + Counter(other.instance_seconds))


COUNTS = [name for name in Usage.__struct_fields__ if name != "instance_seconds"]
NOTHING = Usage()


def measure(history: History, now: datetime, batches: Usage = NOTHING) -> Usage:
    """The usage of the run until `now` and, unless it has ended, of its remaining states.

    A retry is a state transition, and so is the start of a batch. A failed run includes HandleFailure and its mail.
    `batches` is the usage of those whose states are not in the history.
    """
    remaining = [name for name in LAST_STATES if name not in history.states] if not history.ending else []
    failed = history.ending not in ("", "Succeeded")
    guessed = ("Notify" in remaining) + failed
    queries = _spans(history, "StartVerification", "CheckVerification", now)
    transforms = _spans(history, "StartTransform", "CheckTransform", now)
    crawls = _spans(history, "StartCrawl", "CheckCrawl", now)
    requests = Work(runs=1, transforms=len(transforms), queries=len(queries)).requests
    mails = len(history.of("Notify")) + guessed
    whole = Usage(
        transitions=len(remaining),
        invocations=guessed,
        gb_seconds=guessed * LAST_SECONDS * DEFAULT_MB / 1024,
        node_minutes=sum(NODES * max(math.ceil(_job_seconds(job) / 60), 1) for job in transforms),
        dpu_seconds=sum(CRAWL_DPUS * max(job.seconds, CRAWL_LEAST_SECONDS) for job in crawls),
        scanned_bytes=sum(max(job.output.get("scanned_bytes", 0), QUERY_LEAST_BYTES) for job in queries),
        puts=requests.puts,
        gets=requests.gets,
        key_requests=guessed + len(transforms) + len(crawls) + len(queries) + 2 * mails,  # buckets are encrypted
        mails=mails,
    )
    return whole + _executed(history, now) + batches


def measure_batches(batches: Iterable[History], now: datetime) -> Usage:
    """The usage of a run's batches until `now`, with their starts."""
    return sum((_executed(batch, now) + Usage(transitions=1) for batch in batches), NOTHING)


def _executed(history: History, now: datetime) -> Usage:
    """Of the states and attempts in the history."""
    lambdas = [each for each in history.tries if each.function]
    requests = _downloads(history).requests
    return Usage(
        transitions=history.entered + history.children + max(len(history.tries) - history.tasks, 0),
        invocations=len(lambdas),
        gb_seconds=sum((_gb_seconds(each, now) for each in lambdas), Decimal(0)),
        instance_seconds=_instance_seconds(history, now),
        puts=requests.puts,
        gets=requests.gets,
        key_requests=len(lambdas),
    )


class _Span(Struct):
    """A job from its start to its last poll, in whole seconds, and that poll's output."""

    seconds: int
    output: dict[str, int]


def _spans(history: History, start: str, check: str, now: datetime) -> list[_Span]:
    starts = [each.ended for each in history.of(start) if each.ended and each.output]
    spans = []
    for began, following in zip(starts, [*starts, now][1:], strict=True):
        polls = [each for each in history.of(check) if began <= each.began <= following]
        ended = max((each.ended or now for each in polls), default=began)
        output = next((each.output for each in reversed(polls) if each.output), {})
        spans.append(_Span(math.ceil((ended - began) / timedelta(seconds=1)), output))
    return spans


def _job_seconds(job: _Span) -> int:
    """The seconds that DataBrew reported; without a report, the seconds we waited."""
    return job.output.get("seconds") or job.seconds


def _gb_seconds(attempt: Try, now: datetime) -> Decimal:
    milliseconds = ((attempt.answered or now) - attempt.began) // timedelta(milliseconds=1)
    return Decimal(milliseconds) / 1000 * MEMORY_MB.get(attempt.function, DEFAULT_MB) / 1024


def _instance_seconds(history: History, now: datetime) -> dict[str, int]:
    """Seconds by instance type, from launch to the end of the task: the worker then powers off."""
    seconds: dict[str, int] = {}
    for each in history.of("DownloadLargeTable"):
        if each.answered and each.launched:
            lived = math.ceil(((each.ended or now) - each.answered) / timedelta(seconds=1))
            kind = each.launched.get("instance_type", "")
            seconds[kind] = seconds.get(kind, 0) + max(lived, INSTANCE_LEAST_SECONDS)
    return seconds


def _downloads(history: History) -> Work:
    checks = [each.output for each in history.of("CheckTables")]
    downloads = [each.output for each in history.of("DownloadTable")]
    workers = [each.output for each in history.of("DownloadLargeTable")]
    stored = [output for output in downloads if output.get("status") == "stored"]
    stored += [output for output in workers if "manifest" in output]
    return Work(
        batches=len(checks),
        checked=sum(output.get("unchanged", 0) + len(output.get("tables", [])) for output in checks),
        downloads=len(downloads),
        stored=len(stored),
        pages=sum(output.get("pages", 0) for output in stored),
        workers=len(workers),
        chunks=sum(output.get("chunks", 0) for output in workers),
    )
