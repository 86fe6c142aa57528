"""What a run used, in the units that AWS bills, from the history of its execution alone."""

import math
from datetime import datetime, timedelta
from decimal import Decimal

from msgspec import Struct, field

from pipeline.run.history import History, Try

# As in template.yaml; the other functions have what its Globals say.
MEMORY_MB = {"DownloadTable": 1769, "WriteReport": 1769}
DEFAULT_MB = 512
LAST_STATES = ("Notify", "IsComplete?", "Complete")  # how a run ends that is measured before its end
LAST_SECONDS = Decimal(2)  # of a function that nobody can measure: Notify before it runs, HandleFailure
NODES = 2  # of a transform, as in pipeline/aws/databrew.py
CRAWL_DPUS, CRAWL_LEAST_SECONDS = 2, 600
QUERY_LEAST_BYTES = 10_000_000
INSTANCE_LEAST_SECONDS = 60


class Requests(Struct, frozen=True):
    """Requests to S3: those that change or list (PUT, COPY, LIST), and those that read."""

    puts: int
    gets: int

    def times(self, number: int) -> "Requests":
        return Requests(self.puts * number, self.gets * number)


# Nothing tells the requests that a run made, so they follow from what it wrote; a test counts them on the laptop.
EACH_RUN = Requests(3, 4)  # plan, tally, cost
EACH_TABLE = Requests(1, 2)  # its outcome and its publication
EACH_STORED_TABLE = Requests(8, 12)  # metadata, rows, manifest, publication, staged file, report
EACH_PAGE = Requests(1, 1)  # kept, and read again by the report
EACH_WORKER = Requests(5, 4)  # job, code, checkpoints
EACH_CHUNK = Requests(3, 0)  # written, copied, checkpoint
EACH_TRANSFORM = Requests(10, 15)  # lists of DataBrew and Athena, the query's result, what was measured and published


class Usage(Struct, frozen=True, kw_only=True):
    """Billed quantities, minimums applied. Lambda's memory times seconds is in GB-seconds; a crawl in DPU-seconds."""

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


def measure(history: History, now: datetime) -> Usage:
    """What the run has used until `now` and, if it has not ended, what its last states will.

    A retried or redriven task is a transition of its own. Of a failed run the mail about it is a part.
    """
    remaining = [name for name in LAST_STATES if name not in history.entered] if not history.ending else []
    failed = history.ending not in ("", "Succeeded")
    lambdas = [each for each in history.tries if each.function]
    guessed = ("Notify" in remaining) + failed
    queries = _spans(history, "StartVerification", "CheckVerification", now)
    transforms = _spans(history, "StartTransform", "CheckTransform", now)
    crawls = _spans(history, "StartCrawl", "CheckCrawl", now)
    requests = _requests(history, len(transforms))
    invocations = len(lambdas) + guessed
    mails = len(history.of("Notify")) + guessed
    return Usage(
        transitions=len(history.entered) + max(len(history.tries) - history.tasks, 0) + len(remaining),
        invocations=invocations,
        gb_seconds=sum((_gb_seconds(each, now) for each in lambdas), guessed * LAST_SECONDS * DEFAULT_MB / 1024),
        instance_seconds=_instance_seconds(history, now),
        node_minutes=sum(NODES * max(math.ceil(_stated(job, "seconds") / 60), 1) for job in transforms),
        dpu_seconds=sum(CRAWL_DPUS * max(job.seconds, CRAWL_LEAST_SECONDS) for job in crawls),
        scanned_bytes=sum(max(job.output.get("scanned_bytes", 0), QUERY_LEAST_BYTES) for job in queries),
        puts=requests.puts,
        gets=requests.gets,
        key_requests=invocations + len(transforms) + len(crawls) + len(queries) + 2 * mails,  # the buckets have keys
        mails=mails,
    )


class _Span(Struct):
    """A job from its start to the last look at it, in whole seconds, and what that look said."""

    seconds: int
    output: dict[str, int]


def _spans(history: History, start: str, check: str, now: datetime) -> list[_Span]:
    starts = [each.ended for each in history.of(start) if each.ended and each.output]
    spans = []
    for began, following in zip(starts, [*starts, now][1:], strict=True):
        looks = [each for each in history.of(check) if began <= each.began <= following]
        ended = max((each.ended or now for each in looks), default=began)
        said = next((each.output for each in reversed(looks) if each.output), {})
        spans.append(_Span(math.ceil((ended - began) / timedelta(seconds=1)), said))
    return spans


def _stated(job: _Span, name: str) -> int:
    """What the service says of the job; where it said nothing, how long we waited for it."""
    return job.output.get(name) or job.seconds


def _gb_seconds(attempt: Try, now: datetime) -> Decimal:
    milliseconds = ((attempt.answered or now) - attempt.began) // timedelta(milliseconds=1)
    return Decimal(milliseconds) / 1000 * MEMORY_MB.get(attempt.function, DEFAULT_MB) / 1024


def _instance_seconds(history: History, now: datetime) -> dict[str, int]:
    """Seconds by instance type, from the launch to the worker's answer: then it powers off."""
    seconds: dict[str, int] = {}
    for each in history.of("DownloadLargeTable"):
        if each.answered and each.launched:
            lived = math.ceil(((each.ended or now) - each.answered) / timedelta(seconds=1))
            kind = each.launched.get("instance_type", "")
            seconds[kind] = seconds.get(kind, 0) + max(lived, INSTANCE_LEAST_SECONDS)
    return seconds


def _requests(history: History, transforms: int) -> Requests:
    downloads = [each.output for each in history.of("DownloadTable")]
    workers = [each.output for each in history.of("DownloadLargeTable")]
    stored = [output for output in downloads if output.get("status") == "stored"]
    stored += [output for output in workers if "manifest" in output]
    parts = (
        EACH_RUN,
        EACH_TABLE.times(len(downloads)),
        EACH_STORED_TABLE.times(len(stored)),
        EACH_PAGE.times(sum(output.get("pages", 0) for output in stored)),
        EACH_WORKER.times(len(workers)),
        EACH_CHUNK.times(sum(output.get("chunks", 0) for output in workers)),
        EACH_TRANSFORM.times(transforms),
    )
    return Requests(sum(part.puts for part in parts), sum(part.gets for part in parts))
