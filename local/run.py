"""One run on the laptop's AWS: start the state machine, follow it, say what became of every table."""

import secrets
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct
from pipeline import keys
from pipeline.cost import Usage, estimate
from pipeline.events import DownloadOutcome, PublishOutcome, RunPlan, RunRequest, Tally
from pipeline.manifest import Manifest
from pipeline.tally import message
from pipeline.verification import Measured

from local import athena
from local.aws import LocalAWS
from local.story import Story, keep, tell

GLANCE_SECONDS = 0.1
T = TypeVar("T")


class TableResult(Struct, kw_only=True):
    """What became of a table. `downloaded`, `verified`, `published` count the same observations at three places."""

    table_id: str
    status: str
    title: str = ""
    frequency: str = ""
    vintage: str | None = None
    downloaded: int = 0
    verified: int = 0
    published: int = 0
    error: str | None = None


class RunResult(Struct, kw_only=True):
    run_id: str
    status: str
    tables: list[TableResult]
    seconds: float
    states_entered: int
    cost_usd: Decimal
    error: str = ""


Watcher = Callable[[Story, int], None]


def run(aws: LocalAWS, request: RunRequest, watch: Watcher) -> RunResult:
    """Run the pipeline to its end; `watch(story so far, pages kept)` is called at every glance."""
    run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"
    sent = {name: value for name, value in msgspec.to_builtins(request).items() if value is not None}
    began = time.monotonic()
    execution = aws.start(sent, run_id)
    lake = aws.lake / aws.resource("DataBucket")
    while True:
        description = aws.describe(execution)
        story = tell(run_id, sent, description, aws.history(execution))
        watch(story, pages_kept(lake, run_id))
        if story.status != "RUNNING":
            break
        time.sleep(GLANCE_SECONDS)
    cost = estimate(usage(story, aws.memory()))
    story.cost_usd = str(cost)
    keep(aws.lake, story)
    return RunResult(
        run_id=run_id,
        status=story.status,
        tables=results(aws.lake, lake, run_id, story),
        seconds=time.monotonic() - began,
        states_entered=story.entered,
        cost_usd=cost,
        error=failure_line(story),
    )


def failure_line(story: Story) -> str:
    """Why the run failed, in one line; empty when it did not."""
    return f"{story.error}: {message(story.cause)}" if story.error else ""


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


def results(root: Path, lake: Path, run_id: str, story: Story) -> list[TableResult]:
    """A result for every planned table, in the plan's order."""
    plan = _read(lake, keys.run(run_id, "plan"), RunPlan)
    if plan is None:
        return []
    tally = _read(lake, keys.run(run_id, "tally"), Tally) or Tally()
    published = _read(lake, keys.run(run_id, "published"), PublishOutcome) or PublishOutcome(published=[], failed=[])
    measured = {row.table_id: row for row in _read(lake, keys.run(run_id, "measured"), list[Measured]) or []}
    downloads = {table.table_id: table for table in [*tally.stored, *tally.unchanged, *tally.failed]}
    downloads |= {table.table_id: table for table in published.failed}
    visible = _visible(root, {str(table.frequency) for table in downloads.values() if table.frequency})
    done = []
    for table_id in plan.tables:
        download = downloads.get(table_id, DownloadOutcome(table_id=table_id, status="stored"))
        manifest = _read(lake, keys.manifest(str(download.frequency), table_id, run_id), Manifest)
        staged = measured.get(table_id)
        title, shown = visible.get(table_id, ("", 0))
        result = TableResult(
            table_id=table_id,
            status="published" if table_id in published.published else download.status,
            title=manifest.header.title if manifest else title,
            frequency=download.frequency or "",
            vintage=download.vintage,
            downloaded=manifest.observations if manifest else download.observations,
            verified=int(staged.observations) if staged else download.observations,
            published=shown,
            error=download.error.Cause if download.error else None,
        )
        if result.status == "stored":
            result.status, result.error = "failed", failure_line(story)
        done.append(result)
    return done


def _visible(root: Path, frequencies: set[str]) -> dict[str, tuple[str, int]]:
    """Title and number of observations of each table that readers find now, counted by a query."""
    if not frequencies:
        return {}
    counts = " UNION ALL ".join(
        f"SELECT table_id, count(*) AS observations FROM {frequency} GROUP BY table_id"  # noqa: S608 - a Frequency
        for frequency in sorted(frequencies)
    )
    sql = f"SELECT c.table_id, t.title, c.observations FROM ({counts}) c JOIN tables t ON t.table_id = c.table_id"  # noqa: S608
    rows = athena.run(sql, "transformed_singstat_data", [], root).rows
    return {str(table_id): (str(title), int(count or 0)) for table_id, title, count in rows}


def _read(lake: Path, key: str, shape: type[T]) -> T | None:
    path = lake / key
    return msgspec.json.decode(path.read_bytes(), type=shape) if path.exists() else None
