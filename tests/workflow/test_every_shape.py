"""Published cells are the recorded cells, for every recording, read here by the standard library alone."""

import csv
import json
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.laptop import query

RECORDINGS = Path(__file__).parents[2] / "local" / "replay" / "recordings"
VERBATIM = sorted(path.name for path in (RECORDINGS / "responses").glob("*.tabledata.json"))
VALUES = sorted(path.name for path in (RECORDINGS / "values").glob("*.csv"))
MONTHS = dict(zip("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), range(1, 13), strict=True))
FREQUENCY = {"Monthly": "monthly", "Quarterly": "quarterly", "Annual": "yearly"}
CROSS_SECTIONAL = {"8358": 3, "8233": 2, "16622": 1}
MARKERS = {"na", "-", ""}


def exact(rows: list[dict[str, str]]) -> bool:
    """Whether every value is the exact decimal of its text, NULL for a marker."""
    return all(
        row["value"] is None if row["value_text"] in MARKERS else Decimal(row["value"]) == Decimal(row["value_text"])
        for row in rows
    )


@pytest.mark.parametrize("name", VERBATIM)
def test_a_verbatim_answer(published, name):
    data = json.loads((RECORDINGS / "responses" / name).read_text("utf-8"))["Data"]
    cells = {
        (row["seriesNo"], row["rowText"].strip(), row["uoM"], column["key"]): column["value"]
        for row in data["row"]
        for column in row["columns"]
    }

    rows = query(f"SELECT * FROM {FREQUENCY[data['frequency']]} WHERE table_id = '{data['id']}'", published[0])
    found = {(row["series_no"], row["series"], row["unit"], row["period"]): row["value_text"] for row in rows}

    assert cells.items() <= found.items()
    assert len(found) == len(rows)
    assert exact(rows)
    if "M213751.row1" not in name:
        assert len(rows) == len(cells)


def time_series(name: str) -> Counter[tuple[str, str, str]]:
    """(series, first day of the period, text) of a table of values; SingStat leaves an empty or `na` cell out."""
    with (RECORDINGS / "values" / name).open(encoding="utf-8") as file:
        names, *lines = csv.reader(file)
    if names[0] == "Date":
        cells = [(series, line[0], text) for line in lines for series, text in zip(names[1:], line[1:], strict=True)]
    else:
        days = [f"{p[:4]}-{MONTHS.get(p[4:], 1):02}-01" for p in names[1:]]
        cells = [(line[0].strip(), day, text) for line in lines for day, text in zip(days, line[1:], strict=True)]
    return Counter(cell for cell in cells if cell[2] not in MARKERS)


@pytest.mark.parametrize("name", [name for name in VALUES if name.startswith("M")])
def test_a_time_series_of_values(published, name):
    recorded = time_series(name)

    frequency = "yearly" if name.startswith("M601471") else "monthly"
    rows = query(f"SELECT * FROM {frequency} WHERE table_id = '{name.split('.')[0]}'", published[0])

    assert Counter((row["series"], row["period_start"], row["value_text"]) for row in rows) == recorded
    assert exact(rows)


@pytest.mark.parametrize("name", [name for name in VALUES if not name.startswith("M")])
def test_a_cross_sectional_table(published, name):
    table_id = name.split(".")[0]
    with (RECORDINGS / "values" / name).open(encoding="utf-8") as file:
        names, *lines = csv.reader(file)
    levels = [tuple([*header.split("_"), "", "", "", "", ""][:5]) for header in names[1:]]
    recorded = Counter(
        (line[0].strip(), *level, text) for line in lines for level, text in zip(levels, line[1:], strict=True)
    )

    rows = query(f"SELECT * FROM cross_sectional WHERE table_id = '{table_id}'", published[0])

    assert Counter((r["series"], *(r[f"column_{n}"] for n in range(1, 6)), r["value_text"]) for r in rows) == recorded
    assert exact(rows)
    assert {sum(bool(row[f"column_{n}"]) for n in range(1, 6)) for row in rows} == {CROSS_SECTIONAL[table_id]}


def test_the_cells_of_8358(published):
    assert query("SELECT count(*) AS n FROM cross_sectional WHERE table_id='8358'", published[0]) == [{"n": "1755"}]
