"""The recorded SingStat tables, loaded from `local/replay/recordings/`. Tests can revise them in memory."""

import csv
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

RECORDINGS = Path(__file__).parent / "recordings"
GENERATED_BY = "SingStat Table Builder"
GENERATED_ON = "01/10/2026"
"""`dateGenerated` where none was recorded; a constant, so responses are reproducible."""

INDENT = 4
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
SERIES_HEADER = (
    *("theme", "subject", "topic", "id", "groupTitle", "title", "frequency", "adjustmentType", "datasource"),
    *("footnote", "generatedBy", "dataLastUpdated", "dateGenerated"),
)
CROSS_SECTIONAL_HEADER = (
    *("theme", "subject", "topic", "id", "title", "tableType", "dataSource"),
    *("footnote", "generatedBy", "dataLastUpdated", "dateGenerated"),
)
REQUEST_ECHO = ("offset", "limit", "sortBy", "timeFilter", "between", "search")

Column = dict[str, Any]
"""As in the API: a leaf `{"key", "value"}` or, in cross-sectional tables, an inner node `{"key", "columns"}`."""


@dataclass
class Row:
    """One series (time series) or one row (cross-sectional) of a table."""

    number: str
    text: str
    unit: str
    footnote: str
    columns: list[Column]


@dataclass
class Table:
    """The current state of a SingStat table. `header` holds the header fields of `tabledata` in the API's order."""

    kind: Literal["TS", "CT"]
    header: dict[str, str | None]
    rows: list[Row]

    @property
    def id(self) -> str:
        """The table ID, for example `M213751`."""
        return str(self.header["id"])

    @property
    def title(self) -> str:
        """The title of the table."""
        return str(self.header["title"])

    def revise(self, vintage: str, cells: Mapping[tuple[str, ...], str | None]) -> None:
        """Publish a new vintage (`DD/MM/YYYY`) with some cells changed.

        A cell is addressed by its row number and its key, or the keys of all levels: `("1", "2026 2Q")`,
        `("1", "Total", "Males")`. None removes it; a new cell is added, in a time series at its place in time.
        Raises `KeyError` if the row or an inner column is unknown.
        """
        rows = {row.number: row for row in self.rows}
        for (number, *path), value in cells.items():
            columns = rows[number].columns
            for key in path[:-1]:
                columns = {column["key"]: column for column in columns}[key]["columns"]
            leaf = next((column for column in columns if column["key"] == path[-1] and "value" in column), None)
            if leaf and value is None:
                columns.remove(leaf)
            elif leaf:
                leaf["value"] = value
            elif value is not None:
                columns.append({"key": path[-1], "value": value})
                if self.kind == "TS":
                    columns.sort(key=lambda column: period_order(column["key"]))
        self.header["dataLastUpdated"] = self.header["dateGenerated"] = vintage


def period_order(key: str) -> tuple[int, int]:
    """A chronological sort key of `1975 1Q`, `1961 Jan`, `2018 1H`, `2019 H1`; for other forms, of their digits."""
    year, _, part = key.partition(" ")
    digits = [int("".join(filter(str.isdecimal, text)) or 0) for text in (year, part)]
    return digits[0], MONTHS.index(part) if part in MONTHS else digits[1]


def load_recordings() -> dict[str, Table]:
    """Every recorded table by ID. Each call returns new objects, so revisions do not leak between callers."""
    tables = {}
    # `M213751.row1.tabledata.json` sorts before `M213751.tabledata.json`, so the complete recording wins.
    for path in sorted((RECORDINGS / "responses").glob("*.tabledata.json")):
        table = _from_body(json.loads(path.read_bytes())["Data"])
        tables[table.id] = table
    for table_id, framing in tomllib.loads((RECORDINGS / "synthetic-framing.toml").read_text("utf-8")).items():
        tables[table_id] = _from_values(table_id, framing)
    return tables


def _from_body(data: dict[str, Any]) -> Table:
    header = {name: value for name, value in data.items() if name != "row" and name not in REQUEST_ECHO}
    rows = [
        Row(row["seriesNo"], row["rowText"], row["uoM"], row["footnote"], list(row["columns"])) for row in data["row"]
    ]
    return Table("TS", header, rows)


def _from_values(table_id: str, framing: dict[str, str]) -> Table:
    with (RECORDINGS / "values" / framing["file"]).open(newline="", encoding="utf-8") as file:
        grid = list(csv.reader(file))
    is_series = framing["kind"] == "time_series"
    fields = {"id": table_id, "footnote": "", "generatedBy": GENERATED_BY, "dateGenerated": GENERATED_ON, **framing}
    return Table(
        kind="TS" if is_series else "CT",
        header={name: fields.get(name) for name in (SERIES_HEADER if is_series else CROSS_SECTIONAL_HEADER)},
        rows=_series(grid, framing) if is_series else _cross_section(grid, framing),
    )


def _series(grid: list[list[str]], framing: dict[str, str]) -> list[Row]:
    """Oldest period first. An empty or `na` cell of the CSV represents a cell that the API omits."""
    (_, *labels), *lines = grid if framing["lines"] == "period" else zip(*grid, strict=True)
    lines_by_period = sorted(((_period(line[0]), line) for line in lines), key=lambda line: period_order(line[0]))
    numbers = _numbers_by_indent(labels) if framing["numbering"] == "indent" else map(str, range(1, len(labels) + 1))
    return [
        Row(
            number=number,
            text=label.strip(),
            unit=framing["unit"],
            footnote="",
            columns=[
                {"key": period, "value": line[at]} for period, line in lines_by_period if line[at] not in ("", "na")
            ],
        )
        for at, (number, label) in enumerate(zip(numbers, labels, strict=True), start=1)
    ]


def _cross_section(grid: list[list[str]], framing: dict[str, str]) -> list[Row]:
    (_, *headers), *lines = grid
    return [
        Row(str(number), text, framing["unit"], "", _nested(headers, values))
        for number, (text, *values) in enumerate(lines, start=1)
    ]


def _period(cell: str) -> str:
    """The API's key of a CSV period: `2025-05-01` -> `2025 May`, `2023Sep` -> `2023 Sep`, `2022` unchanged."""
    if match := re.fullmatch(r"(\d{4})-(\d\d)-01", cell):
        return f"{match[1]} {MONTHS[int(match[2]) - 1]}"
    return re.sub(r"^(\d{4})([A-Z])", r"\1 \2", cell)


def _numbers_by_indent(labels: Iterable[str]) -> Iterator[str]:
    """Series numbers `1`, `1.1`, `1.1.1`, `1.2`, `2` from the indentation of the labels."""
    levels: list[int] = []
    for label in labels:
        depth = (len(label) - len(label.lstrip(" "))) // INDENT
        levels = [*levels, 0][: depth + 1]
        levels[depth] += 1
        yield ".".join(map(str, levels))


def _nested(headers: Iterable[str], values: Iterable[str]) -> list[Column]:
    """The column tree of one row from header cells whose levels are joined by `_`."""
    tree: list[Column] = []
    for cell, value in zip(headers, values, strict=True):
        *nodes, leaf = cell.split("_")
        columns = tree
        for node in nodes:
            if not columns or columns[-1]["key"] != node:
                columns.append({"key": node, "columns": []})
            columns = columns[-1]["columns"]
        columns.append({"key": leaf, "value": value})
    return tree
