"""Two hundred things that SingStat may do wrong, all in one run: each table ends by name, and none harms another."""

import json
from pathlib import Path
from typing import Any

import pytest

from local.cloud.aws import LocalAWS
from local.replay.recordings import Table
from local.replay.server import Replay
from tests.support import oracle
from tests.support.misbehaviour import Misbehaving
from tests.support.once import once
from tests.support.projects import LITTLE_PATIENCE, WITHOUT_REPORT, with_definition
from tests.support.source_cases import CAP, CASES, IDS, quarterly, second_edition

pytestmark = pytest.mark.timeout(900)  # the three runs belong to the first test

INNOCENT = ("M829998", "M829999")
SHOWN_BEFORE = [
    *INNOCENT,
    *list(IDS.values())[::8],
    *(IDS[name] for name in ("an older vintage", "shrunk to a cell", "all values changed")),
]
"""The tables that readers saw before the run; of the others it is the first."""

PARAMETERS = {"PollSeconds": "1", "BackoffSeconds": "0"}


def first(table_id: str) -> Table:
    return CASES_BY_ID[table_id].make(table_id) if table_id in CASES_BY_ID else quarterly(table_id)


CASES_BY_ID = {IDS[name]: case for name, case in CASES.items()}
ALL = [*INNOCENT, *IDS.values()]


def served(table_id: str, *, healed: bool) -> Table:
    """The second edition, with what is odd in it unless that is healed."""
    table, case = second_edition(first(table_id)), CASES_BY_ID.get(table_id)
    if case and case.wrong and not (healed and not case.is_published):
        case.wrong(table)
    return table


def play(folder: Path) -> dict[str, Any]:
    """The three runs: the first editions of some tables, all second ones with their faults, the same without."""
    (folder / "project").mkdir()
    template = with_definition(folder / "project", LITTLE_PATIENCE, WITHOUT_REPORT)
    with Replay({}, cells_per_page=CAP) as replay:
        source = Misbehaving(replay)
        with LocalAWS(folder / "lake", template, PARAMETERS | {"SourceUrl": replay.url}) as aws:

            def run(*tables: str) -> dict[str, Any]:
                bucket = aws.lake / aws.resource("DataBucket")
                source.requests.clear()
                source.sent.clear()
                before = oracle.raw_files(bucket)
                run_id, ended = oracle.run(aws, tables)
                lake = oracle.Lake(aws)
                return {
                    "status": ended["status"],
                    "error": ended["error"],
                    "tables": oracle.statuses(bucket, run_id),
                    "failures": oracle.failures(bucket, run_id),
                    "requests": {table: source.requests[table, "tabledata"] for table in tables},
                    "seen": lake.tables,
                    "publications": lake.publications,
                    "torn": lake.torn(),
                    "altered": oracle.altered(bucket, before, source.sent, run_id),
                    "left": oracle.left_over(aws),
                    "broken": source.broken,
                }

            replay.tables.update({table: first(table) for table in SHOWN_BEFORE})
            runs = {"first": run(*SHOWN_BEFORE)}
            replay.tables.update({table: served(table, healed=False) for table in ALL})
            source.scripts = {IDS[name]: case.fault for name, case in CASES.items() if case.fault}
            runs["faulted"] = run(*ALL)
            replay.tables.update({table: served(table, healed=True) for table in ALL})
            source.scripts = {}
            runs["healed"] = run(*ALL)
    return runs


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    def make(folder: Path) -> None:
        (folder / "runs.json").write_text(json.dumps(play(folder)))

    return json.loads((once(tmp_path_factory, "misbehaving-source", make) / "runs.json").read_bytes())


@pytest.mark.parametrize("name", CASES)
def test_a_table_ends_by_name_and_the_next_run_publishes_it(runs, name):
    case, table = CASES[name], IDS[name]
    faulted, healed = runs["faulted"], runs["healed"]
    failures = faulted["failures"].get(table, [])

    if case.is_published:
        assert (faulted["tables"][table], failures) == ("published", [])
        assert seen(faulted, table) == published_cells(table, healed=False)
    else:
        assert faulted["tables"][table] == "failed"
        (failure,) = failures
        assert failure["Error"] in case.ends, failure
        assert oracle.unnamed(table, failure) == []
        assert seen(faulted, table) == seen(runs["first"], table)
    assert faulted["requests"][table] <= case.requests
    assert healed["tables"][table] == ("unchanged" if case.is_published else "published")
    assert seen(healed, table) == published_cells(table, healed=True)
    assert editions(healed, table) == ["2026-02-01.1"] * (table in SHOWN_BEFORE) + ["2026-03-01.1"]


def seen(run: dict[str, Any], table: str) -> oracle.Cells:
    return run["seen"].get(table, [])


def published_cells(table: str, *, healed: bool) -> oracle.Cells:
    cells = oracle.source_cells(served(table, healed=healed))
    return sorted(
        [number, CLEANED.get(series, series), unit, place, text] for number, series, unit, place, text in cells
    )


def editions(run: dict[str, Any], table: str) -> list[str]:
    return [edition["edition"] for edition in run["publications"][table]["editions"]]


CLEANED = {"Cafe\u0301": "Café", "Fi\u200brst": "First", "\u202eFirst": "First", "Fi\x00rst": "First"}
"""Labels that readers see in another form."""


@pytest.mark.parametrize("run", ["first", "faulted", "healed"])
def test_readers_see_whole_editions(runs, run):
    assert runs[run]["torn"] == []


@pytest.mark.parametrize("run", ["first", "faulted", "healed"])
def test_every_page_is_kept_as_it_came(runs, run):
    assert runs[run]["altered"] == []


@pytest.mark.parametrize("run", ["first", "faulted", "healed"])
def test_nothing_is_left_running(runs, run):
    assert runs[run]["left"] == []


def test_every_table_has_one_ending(runs):
    faulted = runs["faulted"]

    assert faulted["tables"].keys() == set(ALL)
    assert set(faulted["tables"].values()) <= {"published", "failed"}
    assert {table for table, status in faulted["tables"].items() if status == "failed"} == faulted["failures"].keys()
    assert [table for table, failures in faulted["failures"].items() if len(failures) != 1] == []
    assert faulted["status"] == "FAILED"
    assert faulted["error"] == "SomeTablesFailed"


@pytest.mark.parametrize("table", INNOCENT)
def test_no_other_table_is_harmed(runs, table):
    assert runs["faulted"]["tables"][table] == "published"
    assert seen(runs["faulted"], table) == published_cells(table, healed=True)


def test_every_fault_took_place(runs):
    assert runs["faulted"]["broken"] == []


def test_the_runs_without_a_fault_succeed(runs):
    assert [(runs[run]["status"], runs[run]["failures"]) for run in ("first", "healed")] == [("SUCCEEDED", {})] * 2
