"""What a lake's records say about tables before a run, and about a run that has ended."""

import math
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from pipeline.contracts import keys
from pipeline.contracts.records import RunPlan, Tally
from pipeline.costs.plan import CELLS_PER_PAGE, Planned, Setting, Size
from pipeline.errors import TableNotFound
from pipeline.source.client import SingStat
from pipeline.source.responses import read_metadata
from pipeline.table.manifest import Manifest

from local.cli.records import publications, read_record
from local.cli.story import load
from local.cloud.account import REGION
from local.cloud.stack.template import TEMPLATE, load_template

COLUMNS = ("case", "tables", "downloads", "cells", "pages", "ec2", "unknown", "queries", "minutes", "usd")
T = TypeVar("T")


def setting(large_cells: int | None = None, verification_cells: int | None = None) -> Setting:
    """As the template's parameters are by default, but for those given."""
    parameters = {name: found.get("Default") for name, found in load_template(TEMPLATE)["Parameters"].items()}
    return Setting(
        region=REGION,
        architecture=parameters["Architecture"],
        connections=int(parameters["SourceConnections"]),
        requests_per_second=int(parameters["SourceRequestsPerSecond"]),
        poll_seconds=int(parameters["PollSeconds"]),
        large_cells=large_cells or int(parameters["LargeTableCells"]),
        verification_cells=verification_cells or int(parameters["VerificationCells"]),
        instance_type=parameters["WorkerInstanceTypes"].split(",")[0],
    )


def published_sizes(lake: Path, tables: Iterable[str]) -> dict[str, Size]:
    """The sizes of those of the tables that are published, as of their editions."""
    wanted, sizes = set(tables), {}
    for record in publications(lake)[0]:
        if record.table_id in wanted:
            manifest = _record(lake, keys.manifest(record.frequency, record.table_id, record.run_id), Manifest)
            pages = len(manifest.pages) if manifest else _pages(record.observations)
            sizes[record.table_id] = Size(cells=record.observations, pages=max(pages, 1), published=True)
    return sizes


def announced_sizes(source: SingStat, tables: Iterable[str]) -> dict[str, Size]:
    """The sizes of tables by SingStat's metadata; of a table that it does not have, none.

    Raises the errors of `SingStat` and `read_metadata` but `TableNotFound`.
    """
    sizes = {}
    for table in tables:
        try:
            total = read_metadata(source.metadata(table)).total
        except TableNotFound:
            total = None
        sizes[table] = Size(cells=total, pages=_pages(total or 0))
    return sizes


def planned_row(case: str, plan: Planned) -> tuple[str, ...]:
    """A row of `singstat plan`."""
    numbers = (plan.tables, plan.downloads, plan.cells, plan.pages, plan.workers, plan.unknown, plan.queries)
    return (case, *map(str, numbers), str(plan.minutes), str(plan.cost.usd))


def planned_tables(lake: Path, run_id: str) -> list[str]:
    """The tables of a run. Raises LookupError if the lake has no such run, or it was refused before any download."""
    load(lake, run_id)
    plan = _record(lake, keys.run(run_id, "plan"), RunPlan)
    if plan is None or not plan.tables:
        raise LookupError(f"the run {run_id} downloaded no tables")
    return plan.tables


def taken_row(lake: Path, run_id: str) -> tuple[str, ...]:
    """What a run took, as a row of `singstat plan`. Raises LookupError if the lake has no such run."""
    story, tally = load(lake, run_id), _record(lake, keys.run(run_id, "tally"), Tally) or Tally()
    ended = max((visit.left for visit in story.states if visit.left), default=None)
    started = story.state("StartVerification")
    minutes = math.ceil((ended - story.states[0].entered).total_seconds() / 60) if ended else 0
    numbers = (
        len(tally.stored) + len(tally.unchanged) + len(tally.failed),
        len(tally.stored),
        sum(table.observations for table in tally.stored),
        sum(table.pages for table in tally.stored),
        len({worker.table_id for worker in story.workers}),
        0,
        started.times if started else 0,
        minutes,
    )
    return ("took", *map(str, numbers), str(story.cost.usd))


def _pages(cells: int) -> int:
    return max(math.ceil(cells / CELLS_PER_PAGE), 1)


def _record(lake: Path, key: str, shape: type[T]) -> T | None:
    return next((read_record(path, shape)[0] for path in lake.glob(f"*/{key}")), None)
