"""Query results on a terminal: nothing is cut off, however narrow it is."""

import io

import pytest
from rich.console import Console

from local.cli.terminal import print_table

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
