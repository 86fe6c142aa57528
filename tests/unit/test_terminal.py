"""Results on a terminal, however narrow it is: values are never cut off, titles after 24 characters at the least."""

import io
from decimal import Decimal

import pytest
from pipeline.costs.estimate import RunCost
from rich.console import Console

from local.cli.results import RunResult, TableResult
from local.cli.terminal import print_result, print_table

NAMES = ["table_id", "title", "vintage", "note"]
ROWS = [["M212161", "Resale Price Index of public housing in Singapore", "2026-07-24", None], ["8233", "x", "", "a b"]]


def printed(width: int) -> str:
    file = io.StringIO()
    print_table(Console(width=width, file=file), NAMES, ROWS)
    return file.getvalue()


@pytest.mark.parametrize("width", [100, 80, 60, 40, 30])
def test_no_value_is_truncated(width):
    text = printed(width)

    assert "…" not in text
    for value in ("M212161", "2026-07-24", "8233", "NULL", "a b", "Singapore"):
        assert value in text
    assert max(map(len, text.splitlines())) <= width


def test_rows_that_do_not_fit_side_by_side_become_records():
    assert printed(80).split()[:4] == NAMES
    assert [line.split()[0] for line in printed(40).splitlines() if line[:1].strip()] == NAMES * 2


@pytest.mark.parametrize("width", [120, 100, 80, 60])
def test_a_run_s_table_fits_and_shows_at_least_24_characters_of_a_title(width):
    title = "Consumer Price Index, 2024 as base year, for households of all income groups, monthly"
    row = {"status": "unchanged", "frequency": "half_yearly", "vintage": "2026-10-23", "downloaded": 1_234_567}
    table = TableResult(table_id="M213751", title=title, verified=1_234_567, published=1_234_567, **row)
    file, cost = io.StringIO(), RunCost(Decimal(0), [], "2026-11-01", "ap-southeast-1")
    result = RunResult(
        run_id="run", status="SUCCEEDED", tables=[table], seconds=1.0, states_entered=1, cost=cost, report=None
    )

    print_result(Console(width=width, file=file), result)

    lines = file.getvalue().splitlines()
    assert max(map(len, lines[:-1])) <= width
    text = " ".join(file.getvalue().split())
    assert all(value in text for value in ("M213751", "2026-10-23", "1,234,567", "unchanged"))
    assert all(word in text for word in title[:23].split())
