"""The progress of a run on a terminal, in a pipe and for programs."""

import io
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from pipeline.contracts import keys
from pipeline.contracts.records import Checked, DownloadOutcome, RunPlan
from pipeline.run.history import StateVisit
from rich.console import Console

from local.cli import downloads, progress
from local.cli.downloads import Downloads
from local.cli.run import Moment
from local.cli.story import Story

TABLES = [f"M{number}" for number in range(100000, 100010)]


def stored(lake: Path, key: str, record: object) -> None:
    path = lake / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.encode(record) if record else b"")


@pytest.fixture
def half_done(tmp_path: Path) -> Downloads:
    """Ten tables: three unchanged, one of them downloaded all the same, and two others."""
    unchanged = [DownloadOutcome(table_id=table, status="unchanged") for table in TABLES[:3]]
    stored(
        tmp_path,
        keys.run("r", "plan"),
        RunPlan(run_id="r", force=False, crawl="auto", poll_seconds=1, poll_limit=9, tables=TABLES),
    )
    stored(tmp_path, keys.checked("r", TABLES[0]), Checked(outcomes=unchanged))
    for table in TABLES[2:5]:
        stored(tmp_path, keys.outcome("r", table), DownloadOutcome(table_id=table, status="stored"))
        stored(tmp_path, f"{keys.raw('monthly', table, 'r')}page-00000.json.gz", None)
    made = Downloads(tmp_path, "r")
    made.count()
    return made


def shown(console: Console, made: Downloads, under_way: list[str]) -> str:
    visit = StateVisit("DownloadTables", datetime(2026, 11, 29, tzinfo=UTC))
    with progress.watching(console) as watch:
        watch(Moment(Story(run_id="r", status="RUNNING", request={}, states=[visit]), made, under_way))
    return console.file.getvalue()


def test_each_table_is_counted_once(half_done):
    assert (half_done.tables, half_done.done, half_done.pages) == (10, 5, 3)


@pytest.mark.parametrize(
    ("seconds", "left"), [(5, "less than 1 min left"), (61, "about 2 min left"), (570, "about 10 min left")]
)
def test_the_time_left_is_that_of_the_tables_done_so_far(half_done, monkeypatch, seconds, left):
    now = downloads.time.monotonic() + seconds
    monkeypatch.setattr(downloads.time, "monotonic", lambda: now)

    assert half_done.left() == left


@pytest.mark.parametrize("done", [0, 2, 10])
def test_nothing_is_said_about_the_time_left_before_three_tables_or_at_the_end(half_done, done):
    half_done.done = done

    assert half_done.left() == ""


@pytest.mark.parametrize("width", [80, 60])
def test_a_terminal_shows_the_tables_under_way_and_fits(half_done, width):
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None, legacy_windows=False)
    text = shown(console, half_done, TABLES)

    assert "5 of 10 tables" in text
    assert f"{TABLES[0]} {TABLES[1]}" in text
    assert max(len(line.rpartition("\x1b")[2]) for line in text.splitlines()) <= width + len("[2K")


def test_a_pipe_gets_plain_lines_and_a_program_nothing(half_done):
    text = shown(Console(file=io.StringIO(), width=80), half_done, TABLES)
    nothing = shown(Console(file=io.StringIO(), width=80, quiet=True, force_terminal=True), half_done, TABLES)

    assert text.splitlines()[1].strip() == "5 of 10 tables, 3 pages stored, less than 1 min left"
    assert "\x1b" not in text
    assert nothing == ""
