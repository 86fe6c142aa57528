"""One run on the laptop's AWS: start the state machine, follow it, say what became of every table."""

import secrets
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
from pipeline import keys
from pipeline.cost import Usage, estimate
from pipeline.events import RunRequest

from local.cloud.aws import LocalAWS
from local.reports import PAGE
from local.results import RunResult, failure_line, results
from local.story import Story, keep, tell

GLANCE_SECONDS = 0.1


Watcher = Callable[[Story, int], None]


def run(aws: LocalAWS, request: RunRequest, watch: Watcher) -> RunResult:
    """Run the pipeline to its end; `watch(story so far, pages kept)` is called at every glance."""
    run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"
    sent = {name: value for name, value in msgspec.to_builtins(request).items() if value is not None}
    began = time.monotonic()
    story = follow(aws, aws.start(sent, run_id), sent, watch)
    lake = aws.lake / aws.resource("DataBucket")
    page = aws.lake / aws.resource("ResultsBucket") / keys.report(run_id, PAGE)
    return RunResult(
        run_id=run_id,
        status=story.status,
        tables=results(aws.lake, lake, run_id, story),
        seconds=time.monotonic() - began,
        states_entered=story.entered,
        cost_usd=Decimal(story.cost_usd),
        report=page.resolve() if page.exists() else None,
        error=failure_line(story),
    )


def follow(aws: LocalAWS, execution: str, sent: dict[str, Any], watch: Watcher) -> Story:
    """Watch an execution, by its ARN and its input, to its end; its story is kept in the lake."""
    run_id = execution.rpartition(":")[2]
    lake = aws.lake / aws.resource("DataBucket")
    while True:
        story = tell(run_id, sent, aws.describe(execution), aws.history(execution))
        watch(story, pages_kept(lake, run_id))
        if story.status != "RUNNING":
            break
        time.sleep(GLANCE_SECONDS)
    story.cost_usd = str(estimate(usage(story, aws.memory())))
    keep(aws.lake, story)
    return story


def pages_kept(lake: Path, run_id: str) -> int:
    return sum(1 for _ in lake.glob(f"{keys.RAW}/*/*/{run_id}/**/page-*.json.gz"))


def usage(story: Story, memory: Mapping[str, int]) -> Usage:
    """What the run used; a Lambda is taken to last as long as its state did here. `memory` is in MB, by state."""
    visits = [(visit, memory[visit.name]) for visit in story.states if visit.name in memory]
    seconds = [((visit.left or visit.entered) - visit.entered).total_seconds() for visit, _ in visits]
    transform, crawl, query = (story.state(f"Start{name}") for name in ("Transform", "Crawl", "Verification"))
    return Usage(
        transitions=story.entered,
        invocations=sum(visit.times for visit, _ in visits),
        gb_seconds=sum((Decimal(str(s)) * mb / 1024 for s, (_, mb) in zip(seconds, visits, strict=True)), Decimal(0)),
        transforms=transform.times if transform else 0,
        crawls=crawl.times if crawl else 0,
        queries=query.times if query else 0,
    )
