"""The outcome of a run for each table, from the run's records in the lake and a query of the published tables."""

from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct
from pipeline.contracts import keys
from pipeline.contracts.records import DownloadOutcome, PublishOutcome, RunPlan, Tally
from pipeline.costs.estimate import RunCost
from pipeline.run.verification import Measured
from pipeline.table.manifest import Manifest

from local.cli.story import Story
from local.cloud.sql import athena
from local.cloud.sql.catalogue import PUBLISHED

T = TypeVar("T")


class TableResult(Struct, kw_only=True):
    """The outcome for a table. `downloaded`, `verified` and `published` count its observations at each step."""

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
    """The outcome of a run. `report` is the path of its page, None if the run published nothing."""

    run_id: str
    status: str
    tables: list[TableResult]
    seconds: float
    states_entered: int
    cost: RunCost
    report: Path | None
    error: str = ""


def failure_line(story: Story) -> str:
    """Why the run failed, in one line; empty if it did not."""
    return f"{story.error}: {story.cause}" if story.error else ""


def results(root: Path, lake: Path, run_id: str, story: Story) -> list[TableResult]:
    """The result of every planned table, in the order of the plan; `lake` is the data bucket's folder in `root`."""
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
            error=download.error.sentence if download.error else None,
        )
        if result.status == "stored":
            result.status, result.error = "failed", failure_line(story)
        done.append(result)
    return done


def _visible(root: Path, frequencies: set[str]) -> dict[str, tuple[str, int]]:
    """Title and number of observations of each published table, counted by a query."""
    if not frequencies:
        return {}
    counts = " UNION ALL ".join(
        f"SELECT table_id, count(*) AS observations FROM {frequency} GROUP BY table_id"  # noqa: S608 - a Frequency
        for frequency in sorted(frequencies)
    )
    sql = f"SELECT c.table_id, t.title, c.observations FROM ({counts}) c JOIN tables t ON t.table_id = c.table_id"  # noqa: S608
    rows = athena.run(sql, PUBLISHED, [], root).rows
    return {str(table_id): (str(title), int(count or 0)) for table_id, title, count in rows}


def _read(lake: Path, key: str, shape: type[T]) -> T | None:
    path = lake / key
    return msgspec.json.decode(path.read_bytes(), type=shape) if path.exists() else None
