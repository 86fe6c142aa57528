"""A run on the laptop's AWS: start the state machine, follow it, collect the result of every table."""

import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
from pipeline.contracts import keys
from pipeline.contracts.states import RunRequest
from pipeline.costs.estimate import estimate
from pipeline.costs.usage import measure
from pipeline.run.history import History

from local.cli.downloads import Downloads
from local.cli.histories import Reader
from local.cli.output import note
from local.cli.report_pages import PAGE
from local.cli.results import RunResult, failure_line, results
from local.cli.story import Story, load, save, summarise
from local.cloud.account import REGION
from local.cloud.aws import LocalAWS

POLL_SECONDS = 0.2
WATCHING = 0.1  # of the time goes at most into watching, however long the history is


class Moment(NamedTuple):
    """A run at one moment: its story and downloads so far, and the tables that are being downloaded."""

    story: Story
    downloads: Downloads
    under_way: list[str]


Watcher = Callable[[Moment], None]


def run(aws: LocalAWS, request: RunRequest, watch: Watcher) -> RunResult:
    """Run the pipeline to its end, calling `watch` whenever something has changed. Raises as `follow`."""
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


def how_to_go_on(execution: str) -> str:
    """What a user is told who stopped an execution, given by its ARN."""
    run_id = execution.rpartition(":")[2]
    return f"stopped the run {run_id}: `singstat redrive {run_id}` goes on with what it has downloaded"


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
    """Follow an execution, given by its ARN and input, to its end; its story is stored in the lake.

    Ctrl-C stops the execution: raises `KeyboardInterrupt` that says how to go on.
    """
    try:
        return _follow(aws, execution, sent, watch)
    except KeyboardInterrupt:
        note("stopping the run ...")
        aws.stop(execution, "interrupted by Ctrl-C")
        _follow(aws, execution, sent, lambda _: None)
        raise KeyboardInterrupt(how_to_go_on(execution)) from None


def _follow(aws: LocalAWS, execution: str, sent: dict[str, Any], watch: Watcher) -> Story:
    run_id = execution.rpartition(":")[2]
    downloads = Downloads(aws.lake / aws.resource("DataBucket"), run_id)
    reader = Reader(aws, execution)
    story = Story(run_id=run_id, status="RUNNING", request=sent)
    while True:
        began, description, known = time.thread_time(), aws.describe(execution), downloads.pages
        changed = reader.changed()
        if not story.state("TallyDownloads"):
            downloads.count()
        if changed or downloads.pages != known or description["status"] != "RUNNING":
            found = reader.read()
            story = summarise(run_id, sent, description, found)
            watch(Moment(story, downloads, _under_way(found)))
        if story.status != "RUNNING":
            break
        time.sleep(max(POLL_SECONDS, (time.thread_time() - began) / WATCHING))
    if found:
        story.cost = estimate(measure(found, datetime.now(UTC)), REGION, aws.parameter("Architecture"))
    save(aws.lake, story)
    aws.keep(execution)
    return story


def _under_way(found: History | None) -> list[str]:
    """The tables that are being downloaded."""
    tries = found.tries if found else []
    return list(dict.fromkeys(each.table_id for each in tries if each.table_id and not each.ended))
