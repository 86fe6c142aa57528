"""The progress of a run: a live view on a terminal, otherwise a line for each step."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipeline.run.history import StateVisit
from pipeline.wording import quantity
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from local.cli.downloads import Downloads
from local.cli.terminal import clock, seconds

if TYPE_CHECKING:
    from local.cli.run import Moment, Watcher

QUIET_STATES = ("Wait", "Is", "Needs", "Anything")  # prefixes of states that are left out
BAR = 16  # characters


@contextmanager
def watching(console: Console) -> "Iterator[Watcher]":
    """A watcher for `run`; it prints nothing on a console that is quiet."""
    if console.quiet:
        yield lambda _: None
    elif console.is_terminal:
        with Live(console=console, refresh_per_second=10) as live:
            yield lambda moment: live.update(_view(moment))
    else:
        yield _Lines(console)


class _Lines:
    """Prints each state when it is first entered, and the downloads when a page or a table is added."""

    def __init__(self, console: Console) -> None:
        self._console, self._seen, self._told = console, set[str](), ""

    def __call__(self, moment: "Moment") -> None:
        for visit in moment.story.states:
            if visit.name not in self._seen and _shown(visit):
                self._console.print(f"{clock(visit.entered)} {visit.name}", highlight=False)
            self._seen.add(visit.name)
        told = _so_far(moment.downloads)
        if moment.downloads.pages and told != self._told:
            self._console.print(f"         {told}", highlight=False)
        self._told = told


def _view(moment: "Moment") -> Group:
    story = moment.story
    running = story.status == "RUNNING"
    lines: list[RenderableType] = [Text(f"Run {story.run_id}", style="bold")]
    for visit in filter(_shown, story.states):
        text = Text(f"{visit.name:<22}{seconds(visit):>8}")
        ended = ("✗ ", "red") if visit.name == story.error else ("✓ ", "green")
        busy = running and visit.done < visit.times
        lines.append(Spinner("dots", text) if busy else Text.assemble(ended, text))
    if running and moment.downloads.tables and not story.state("TallyDownloads"):
        lines.append(_bar(moment))
    return Group(*lines)


def _bar(moment: "Moment") -> Table:
    downloads = moment.downloads
    row = Table.grid(padding=(0, 1))
    row.add_column(no_wrap=True)
    row.add_column(no_wrap=True, overflow="ellipsis")
    row.add_row(ProgressBar(downloads.tables, downloads.done, width=BAR), _so_far(downloads))
    row.add_row("", Text(" ".join(moment.under_way), "dim"))
    return row


def _so_far(downloads: Downloads) -> str:
    told = f"{downloads.done:,} of {quantity(downloads.tables, 'table')}, {quantity(downloads.pages, 'page')} stored"
    return f"{told}, {left}" if (left := downloads.left()) else told


def _shown(visit: StateVisit) -> bool:
    return not visit.name.startswith(QUIET_STATES)
