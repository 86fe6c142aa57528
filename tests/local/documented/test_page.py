"""The page that says how many documented examples the laptop answers counts the tables."""

import csv
import re
from pathlib import Path

import pytest

from tests.local.documented import REFUSED

ROOT = Path(__file__).parents[3]
ROW = re.compile(r"\| [^|]+ \| (\d+) \| (\d+) \| (\d+) \| `(tests/local/[^`]+)` \|")
COUNTED = ROW.findall((ROOT / "docs/laptop.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("rows", "right", "refused", "place"), COUNTED, ids=[row[-1] for row in COUNTED])
def test_the_page_counts_a_table(rows: str, right: str, refused: str, place: str) -> None:
    """`place` is a table or a folder of tables; a row is refused if a field says so, else the tests hold it right."""
    files = [ROOT / place] if place.endswith(".csv") else (ROOT / place).glob("*.csv")
    lines = [line for file in files for line in csv.reader(file.open(encoding="utf-8", newline=""))][1:]
    no = sum(any(field.startswith(REFUSED) for field in line) for line in lines)
    assert (len(lines), len(lines) - no, no) == (int(rows), int(right), int(refused))


def test_every_table_is_on_the_page() -> None:
    tables = {path.relative_to(ROOT).as_posix() for path in Path(__file__).parent.glob("*.csv")}
    assert tables <= {place for *_, place in COUNTED}
