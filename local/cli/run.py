"""A run on the laptop's AWS: start the state machine, follow it, collect the result of every table."""

import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from pipeline.contracts import keys
from pipeline.contracts.states import RunRequest
from pipeline.costs.estimate import estimate
from pipeline.costs.usage import measure

from local.cli.histories import Reader
from local.cli.report_pages import PAGE
from local.cli.results import RunResult, failure_line, results
from local.cli.story import Story, load, save, summarise
from local.cloud.account import REGION
from local.cloud.aws import LocalAWS

POLL_SECONDS = 0.1
WATCHING = 0.1  # of the time goes at most into watching, however long the history is

Watcher = Callable[[Story, int], None]


def run(aws: LocalAWS, request: RunRequest, watch: Watcher) -> RunResult:
    """Run the pipeline to its end, calling `watch(story so far, stored pages)` whenever either has changed."""
    sent = {name: value for name, value in msgspec.to_builtins(request).items() if value is not None}
    return _result(aws, aws.start(sent, new_run_id()), sent, watch)


def new_run_id() -> str:
    """The id of a run that starts now: its time in UTC and four digits."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"


def redrive(aws: LocalAWS, run_id: str, watch: Watcher) -> RunResult:
    """Resume a run that failed in the state that failed, and follow it to its end as `run` does.

    Raises LookupError if the lake has no such run.
    """
    return _result(aws, aws.redrive(run_id), load(aws.lake, run_id).request, watch)


def _result(aws: LocalAWS, execution: str, sent: dict[str, Any], watch: Watcher) -> RunResult:
    began, run_id = time.monotonic(), execution.rpartition(":")[2]
    story = follow(aws, execution, sent, watch)
    lake = aws.lake / aws.resource("DataBucket")
    page = aws.lake / aws.resource("ResultsBucket") / keys.report(run_id, PAGE)
    return RunResult(
        run_id=run_id,
        status=story.status,
        tables=results(aws.lake, lake, run_id, story),
        seconds=time.monotonic() - began,
        states_entered=story.entered,
        cost=story.cost,
        report=page.resolve() if page.exists() else None,
        error=failure_line(story),
    )


def follow(aws: LocalAWS, execution: str, sent: dict[str, Any], watch: Watcher) -> Story:
    """Follow an execution, given by its ARN and input, to its end; its story is stored in the lake."""
    run_id = execution.rpartition(":")[2]
    lake = aws.lake / aws.resource("DataBucket")
    reader = Reader(aws, execution)
    story, pages = Story(run_id=run_id, status="RUNNING", request=sent), 0
    while True:
        began, description, known = time.thread_time(), aws.describe(execution), pages
        changed = reader.changed()
        if not story.state("TallyDownloads"):
            pages = stored_pages(lake, run_id)
        if changed or pages != known or description["status"] != "RUNNING":
            story = summarise(run_id, sent, description, reader.read())
            watch(story, pages)
        if story.status != "RUNNING":
            break
        time.sleep(max(POLL_SECONDS, (time.thread_time() - began) / WATCHING))
    if found := reader.read():
        story.cost = estimate(measure(found, datetime.now(UTC)), REGION, aws.parameter("Architecture"))
    save(aws.lake, story)
    aws.keep(execution)
    return story


def stored_pages(lake: Path, run_id: str) -> int:
    """How many pages the run has stored so far; `lake` is the data bucket's folder."""
    return sum(1 for _ in lake.glob(f"{keys.RAW}/*/*/{run_id}/**/page-*.json.gz"))
