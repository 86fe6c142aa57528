"""One run on the laptop's AWS: start the state machine, follow it, say what became of every table."""

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
from pipeline.run import history

from local.cli.report_pages import PAGE
from local.cli.results import RunResult, failure_line, results
from local.cli.story import Story, keep, tell
from local.cloud.account import REGION
from local.cloud.aws import LocalAWS

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
        cost=story.cost,
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
    used = measure(history.read(aws.history(execution)), datetime.now(UTC))
    story.cost = estimate(used, REGION, aws.parameter("Architecture"))
    keep(aws.lake, story)
    return story


def pages_kept(lake: Path, run_id: str) -> int:
    return sum(1 for _ in lake.glob(f"{keys.RAW}/*/*/{run_id}/**/page-*.json.gz"))
