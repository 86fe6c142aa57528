"""`singstat plan`: sizes from a lake's records, beside what the run took; other tables only where it may ask."""

import csv

import pytest

from local.replay.recordings import load_recordings
from local.replay.server import Replay
from local.replay.synthetic import Synthetic
from tests.support.laptop import call
from tests.support.oracle import source_cells

TABLES = load_recordings()


def rows(*words, lake):
    done = call("plan", *words, "--format", "csv", lake=lake)
    assert done.returncode == 0, done.stderr
    return {row.pop("case"): row for row in csv.DictReader(done.stdout.splitlines())}, done.stderr


def test_the_plan_of_published_tables_is_what_the_run_of_them_took(published):
    lake, result = published
    found, _ = rows("--run", result["run_id"], lake=lake)

    cells = sum(len(source_cells(table)) for table in TABLES.values())
    whole = {"tables": str(len(TABLES)), "downloads": str(len(TABLES)), "cells": str(cells), "ec2": "0"}
    for case in ("all revised", "took"):
        assert whole.items() <= found[case].items()
    assert found["all revised"]["pages"] == found["took"]["pages"]
    assert found["took"]["usd"] == result["cost_usd"]
    assert (found["unchanged"]["downloads"], found["unchanged"]["cells"]) == ("0", "0")


def test_tables_never_downloaded_are_unknown_until_it_may_ask(published):
    synthetic = Synthetic(200)
    series = next(table for table in synthetic.values() if table.kind == "TS" and len(source_cells(table)) > 5_000)
    census = next(table for table in synthetic.values() if table.kind == "CT")
    words = ("M212161", series.id, census.id)

    found, notes = rows(*words, lake=published[0])
    assert found["unchanged"].items() >= {"downloads": "2", "cells": "0", "pages": "2", "unknown": "2"}.items()
    assert "2 tables of unknown size" in notes

    with Replay({}) as replay:
        replay.answer = synthetic.answer
        found, notes = rows(*words, "--base-url", replay.url, lake=published[0])
        assert {path.rpartition("/")[2] for path, _ in replay.requests} == {series.id, census.id}
    cells = len(source_cells(series))
    asked = {"cells": str(cells), "pages": str(-(-cells // 5_000) + 1), "unknown": "1"}
    assert found["unchanged"].items() >= asked.items()
    assert "1 table of unknown size" in notes


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["weekly"], 2, "there is no list 'weekly' (all, monthly, quarterly, yearly)"),
        (["212"], 2, "'212' is not a table id"),
        (["M212161", "M212161"], 2, "M212161 is given twice"),
        (["--run", "no-such-run"], 1, "no run no-such-run in"),
    ],
)
def test_what_cannot_be_planned_is_one_line(published, words, code, why):
    done = call("plan", *words, lake=published[0])

    assert (done.returncode, len(done.stderr.strip().splitlines())) == (code, 1), done.stderr
    assert why in done.stderr
