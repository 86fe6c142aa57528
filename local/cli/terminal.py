"""Terminal output for people: live progress, the result of a run, query results, checks, the story of a run."""

import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pipeline.costs.estimate import RunCost
from pipeline.run.history import StateVisit
from pipeline.wording import quantity
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from local.cli.results import RunResult
from local.cli.story import Story, Worker

if TYPE_CHECKING:
    from local.cli.doctor import Check

COLOURS = {
    "yes": "green",
    "no": "red",
    "not checked": "dim",
    "published": "green",
    "SUCCEEDED": "green",
    "unchanged": "dim",
    "failed": "red",
    "FAILED": "red",
}
SHAPE: dict[str, Any] = {"box": box.SIMPLE_HEAD, "header_style": "bold", "pad_edge": False, "collapse_padding": True}
WIDE = 110  # characters of a terminal with room for the columns that a narrow one leaves out
OTHER_COLUMNS, OTHER_COLUMNS_WIDE = 45, 87  # characters that the columns other than the title take at most
SHORTEST_TITLE = 24  # characters; where there is less room, titles are wrapped
WRAPPED = 20  # characters that a wrapped column has at least
QUIET_STATES = ("Wait", "Is", "Needs", "Anything")  # prefixes of states that are left out


def print_result(console: Console, result: RunResult) -> None:
    """The result of a run, one row per table, and the cost.

    A wide terminal also shows the frequency and the numbers of observations downloaded and verified.
    """
    wide = console.width >= WIDE
    room = max(console.width - (OTHER_COLUMNS_WIDE if wide else OTHER_COLUMNS), SHORTEST_TITLE)
    table = Table("table", "title", *(["frequency"] if wide else []), "vintage", **SHAPE)
    for name in ("downloaded", "verified", "published") if wide else ("published",):
        table.add_column(name, justify="right")
    table.add_column("status")
    for row in result.tables:
        title = Text(row.title)
        title.truncate(room, overflow="ellipsis")
        numbers = [row.downloaded, row.verified, row.published] if wide else [row.published]
        status = Text(row.status, style=COLOURS.get(row.status, ""))
        frequency = [row.frequency] if wide else []
        shown = [f"{number:,}" if number else "" for number in numbers]
        table.add_row(row.table_id, title, *frequency, row.vintage or "", *shown, status)
    console.print(table)
    for row in filter(lambda row: row.error, result.tables):
        console.print(f"{row.error}", style="red", highlight=False, soft_wrap=True, markup=False)
    if result.error and not any(row.error for row in result.tables):
        console.print(result.error, style="red", highlight=False, soft_wrap=True, markup=False)
    console.print(
        f"{result.status.lower()}: run {result.run_id}, {result.seconds:.1f} s, {result.states_entered} states entered",
        style=COLOURS.get(result.status, ""),
        highlight=False,
        soft_wrap=True,
    )
    console.print(f"estimated cost on AWS: {result.cost.usd} USD", highlight=False)
    if result.report:
        console.print(f"report: {result.report}", highlight=False, soft_wrap=True, markup=False)


def print_table(console: Console, names: Sequence[str], rows: Sequence[Sequence[str | None]]) -> None:
    """Query results as a table or, where it does not fit, as one record per row.

    Only columns with spaces are wrapped. NULL is dim to tell it from an empty string.
    """
    table, width = Table(**SHAPE), 0
    for name, *cells in zip(names, *rows, strict=True):
        longest = max(len(cell or "NULL") for cell in [name, *cells])
        wraps = any(cell and " " in cell for cell in cells)
        width += 2 + (min(longest, WRAPPED) if wraps else longest)
        table.add_column(name, no_wrap=not wraps)
    if width > console.width:
        _print_records(console, names, rows)
        return
    for row in rows:
        table.add_row(*map(_cell, row))
    console.print(table)


def _print_records(console: Console, names: Sequence[str], rows: Sequence[Sequence[str | None]]) -> None:
    for row in rows:
        record = Table.grid(padding=(0, 2))
        for name, cell in zip(names, row, strict=True):
            record.add_row(Text(name, style="bold"), _cell(cell))
        console.print(record, "")


def _cell(cell: str | None) -> Text:
    return Text("NULL", style="dim") if cell is None else Text(cell)


def print_checks(console: Console, checks: "Sequence[Check]") -> None:
    """The checks of this machine, one row each."""
    table = Table("check", "found", "details", **SHAPE)
    for check in checks:
        table.add_row(check.name, Text(check.found, style=COLOURS[check.found]), Text(check.detail))
    console.print(table)


def print_story(console: Console, story: Story) -> None:
    """The story of a run: its states, workers, failures and cost."""
    console.print(f"Run {story.run_id} {story.status}", style=COLOURS.get(story.status, ""), highlight=False)
    console.print(f"input: {json.dumps(story.request)}", highlight=False, soft_wrap=True, markup=False)
    table = Table("state", "entered", "duration", "entries", **SHAPE)
    for visit in story.states:
        table.add_row(visit.name, clock(visit.entered), seconds(visit), str(visit.times))
    console.print(table)
    for worker in story.workers:
        console.print(_worker(worker), highlight=False, soft_wrap=True)
    for failure in story.failures:
        line = f"{failure.state} failed: {failure.error}: {failure.cause}"
        console.print(line, style="red", highlight=False, soft_wrap=True, markup=False)
    if story.error:
        line = f"the run ended in {story.error}: {story.cause}"
        console.print(line, style="red", highlight=False, soft_wrap=True, markup=False)
    if story.cost.lines:
        _print_cost(console, story.cost)


def _print_cost(console: Console, cost: RunCost) -> None:
    """The estimated cost of the same run on AWS, item by item."""
    table = Table("cost on AWS", "usage", "unit", "USD", **SHAPE)
    for name in ("usage", "USD"):
        next(column for column in table.columns if column.header == name).justify = "right"
    for line in cost.lines:
        table.add_row(line.item, line.quantity, line.unit, f"{line.usd:f}")
    table.add_section()
    table.add_row("total", "", "", str(cost.usd), style="bold")
    console.print(table)
    console.print(cost.note, style="dim", highlight=False, soft_wrap=True)


def _worker(worker: Worker) -> str:
    line = f"{worker.table_id} on {worker.instance_id or 'no instance'}: {worker.ended}"
    if report := worker.report:
        speed = Decimal(report["pages"]) / max(Decimal(report["seconds"]), Decimal("0.1"))
        line += f", {quantity(report['pages'], 'page')} in {quantity(report['chunks'], 'chunk')}, {speed:.1f} pages/s, "
        line += f"{report['heartbeats']} heartbeats"
    return line


def clock(moment: datetime) -> str:
    """The local time of day."""
    return moment.astimezone().strftime("%H:%M:%S")


def seconds(visit: StateVisit) -> str:
    """How long a state took; "" until it is left."""
    if visit.left is None:
        return ""
    return f"{(visit.left - visit.entered).total_seconds():.1f} s"
