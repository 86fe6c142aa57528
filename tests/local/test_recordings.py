"""The recorded tables: loaded as the CSV files hold them, listed in the provenance, and open to revision."""

import csv
import hashlib
import re

import pytest

from local.replay.recordings import RECORDINGS, load_recordings


def read_csv(name: str) -> list[list[str]]:
    with (RECORDINGS / "values" / name).open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_every_recorded_file_is_named_in_the_provenance_with_its_hash() -> None:
    provenance = (RECORDINGS / "PROVENANCE.md").read_text("utf-8")
    listed = dict(re.findall(r"^\| (\S+) \|.*\| `([0-9a-f]{64})` \|", provenance, re.MULTILINE))
    files = [*(RECORDINGS / "responses").iterdir(), *(RECORDINGS / "values").iterdir()]

    assert listed == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize("table_id", ["M211251", "M700051"])
def test_a_line_for_each_period_becomes_series_without_the_empty_cells(table_id: str) -> None:
    header, *lines = read_csv(f"{table_id}.fetcher.csv")
    expected = [
        (str(number), header[number], line[0][:4], line[number])
        for number in range(1, len(header))
        for line in reversed(lines)
        if line[number]
    ]
    rows = load_recordings()[table_id].rows

    assert [(row.number, row.text, cell["key"][:4], cell["value"]) for row in rows for cell in row.columns] == expected


def test_iso_dates_become_period_keys() -> None:
    columns = load_recordings()["M700051"].rows[0].columns

    assert columns[0] == {"key": "1988 Jan", "value": "2.0253"}
    assert columns[-1] == {"key": "2025 May", "value": "1.2938"}


def test_series_numbers_follow_the_indent() -> None:
    rows = load_recordings()["M601471"].rows
    labels = [line[0] for line in read_csv("M601471.stb-ingester.csv")[1:]]

    assert [row.text for row in rows] == [label.strip() for label in labels]
    assert [row.number.count(".") * 4 for row in rows] == [len(label) - len(label.lstrip()) for label in labels]
    assert [row.number for row in rows[:3]] == ["1", "1.1", "1.1.1"]
    assert len({row.number for row in rows}) == 290


def test_markers_stay_values_in_cross_sectional_tables() -> None:
    values = [column["value"] for row in load_recordings()["16622"].rows for column in row.columns]

    assert len(values) == 1936
    assert values.count("na") == 110


def test_revise_reaches_nested_cells() -> None:
    table = load_recordings()["8233"]
    table.revise("24/10/2026", {("1", "Total", "Males"): "1", ("1", "Total", "Females"): None})
    total, chinese, *_ = table.rows[0].columns

    assert total == {"key": "Total", "columns": [{"key": "Total", "value": "2101.6"}, {"key": "Males", "value": "1"}]}
    assert chinese == load_recordings()["8233"].rows[0].columns[1]


@pytest.mark.parametrize("cell", [("99", "2026 2Q"), ("1", "nowhere", "2026 2Q")])
def test_a_cell_of_an_unknown_row_or_column_cannot_be_revised(cell: tuple[str, ...]) -> None:
    with pytest.raises(KeyError, match=r"99|nowhere"):
        load_recordings()["M212161"].revise("24/10/2026", {cell: "1"})
