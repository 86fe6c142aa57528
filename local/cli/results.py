"""The outcome of a run for each table, from the run's records in the lake.

What was published is counted by a query; of an unchanged table, the publication already has the count.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from pipeline.contracts import keys
from pipeline.contracts.records import DownloadOutcome, PublishOutcome, RunPlan, Tally
from pipeline.costs.estimate import RunCost
from pipeline.run.verification import Verification
from pipeline.table.manifest import Manifest

from local.cli.records import read_publication, read_record
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

    def fields(self) -> dict[str, Any]:
        """What `--json` prints, as documented in docs/laptop.md."""
        tables = [
            {
                "table_id": table.table_id,
                "status": table.status,
                "observations": table.published,
                "vintage": table.vintage,
                "error": table.error,
            }
            for table in self.tables
        ]
        return {
            "run_id": self.run_id,
            "status": self.status,
            "tables": tables,
            "cost_usd": self.cost.usd,
            "report": self.report,
        }


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
    measured = (_read(lake, keys.run(run_id, "verified"), Verification) or Verification()).measured
    downloads = {table.table_id: table for table in [*tally.stored, *tally.unchanged, *tally.failed]}
    downloads |= {table.table_id: table for table in published.failed}
    unchanged = {table.table_id: table.observations for table in tally.unchanged}
    counts = unchanged | _counts(root, [table for table in downloads.values() if table.table_id not in unchanged])
    done = []
    for table_id in plan.tables:
        download = downloads.get(table_id, DownloadOutcome(table_id=table_id, status="stored"))
        manifest, odd = read_record(lake / keys.manifest(str(download.frequency), table_id, run_id), Manifest)
        record, odd_record = read_publication(lake / keys.publication(table_id))
        staged = measured.get(table_id)
        result = TableResult(
            table_id=table_id,
            status="published" if table_id in published.published else download.status,
            title=manifest.header.title if manifest else record.title if record else "",
            frequency=download.frequency or "",
            vintage=download.vintage,
            downloaded=manifest.observations if manifest else download.observations,
            verified=int(staged.observations) if staged else download.observations,
            published=counts.get(table_id, 0),
            error=download.error.sentence if download.error else odd or odd_record or None,
        )
        if result.status == "stored":
            result.status, result.error = "failed", failure_line(story)
        done.append(result)
    return done


def _counts(root: Path, tables: Iterable[DownloadOutcome]) -> dict[str, int]:
    """The number of observations of each table that readers see, counted by a query of each frequency: fewer files."""
    rows: list[tuple[str | None, ...]] = []
    for frequency in sorted({table.frequency for table in tables if table.frequency}):
        sql = f"SELECT table_id, count(*) FROM {frequency} GROUP BY table_id"  # noqa: S608 - a Frequency
        rows += athena.run(sql, PUBLISHED, [], root).rows
    return {str(table_id): int(count or 0) for table_id, count in rows}


def _read(lake: Path, key: str, shape: type[T]) -> T | None:
    path = lake / key
    return msgspec.json.decode(path.read_bytes(), type=shape) if path.exists() else None
