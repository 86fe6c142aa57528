"""The observations of a page as lines to copy: Athena SQL, pandas and DuckDB."""

import json
from pathlib import Path
from typing import NamedTuple

from pipeline.table import schema

from local.cli.browse.asked import Periods
from local.cli.browse.table import Opened
from local.cli.chart import Drawn
from local.cloud.sql.scan import text_sql


class Snippet(NamedTuple):
    """Code to copy, and what runs it."""

    name: str
    runs_in: str
    code: str


def snippets(lake: Path, table: Opened, drawn: Drawn, wanted: Periods) -> list[Snippet]:
    """The series that is drawn within some periods, in the edition of `table`."""
    record, series_no, past = table.record, drawn.labels.series_no, table.record.edition != table.current
    levels = [level for level in schema.LEVELS if any(getattr(each, level) for each in drawn.series)]
    cells = ", ".join(levels) or "period"
    columns, order = f"{cells}, value, value_text", ", ".join(levels) or "period_start"
    chosen = [f"series_no = {text_sql(series_no)}"]
    chosen += [f"period_start {sign} DATE {text_sql(day)}" for sign, day in _limits(wanted)]
    of_table = [f"table_id = {text_sql(record.table_id)}", *[f"edition = {text_sql(record.edition)}"] * past, *chosen]
    files = text_sql(f"{_path(lake)}/{record.location.removeprefix('s3://')}*.parquet")
    athena = _select(columns, table.vintages if past else record.frequency, of_table, order)
    duckdb = _select(columns, f"read_parquet({files})", chosen, order)
    return [
        Snippet("SQL", "Athena and singstat query", athena),
        Snippet("pandas", "Python in this project's .venv", _pandas(lake, table, series_no, wanted)),
        Snippet("DuckDB", f"every DuckDB; or FROM '{record.table_id}.parquet', downloaded below", duckdb),
    ]


def _select(columns: str, source: str, conditions: list[str], order: str) -> str:
    chosen = "\n  AND ".join(conditions)
    return f"SELECT {columns}\nFROM {source}\nWHERE {chosen}\nORDER BY {order}"


def _pandas(lake: Path, table: Opened, series_no: str, wanted: Periods) -> str:
    past = table.record.edition != table.current
    edition = f", edition={_text(table.record.edition)}" if past else ""
    return "\n".join([
        "import singstat",
        "",
        f"lake = singstat.open_lake({_text(_path(lake))})",
        f"rows = lake.read({_text(table.record.table_id)}{edition})",
        f'rows = rows[rows["series_no"] == {_text(series_no)}]',
        *(f'rows = rows[rows["period_start"] {sign} {_text(day)}]' for sign, day in _limits(wanted)),
    ])  # fmt: skip


def _limits(wanted: Periods) -> list[tuple[str, str]]:
    return [(sign, day) for sign, day in ((">=", wanted.first), ("<=", wanted.last)) if day]


def _path(lake: Path) -> str:
    return lake.resolve().as_posix()


def _text(text: str) -> str:
    """A literal of Python."""
    return json.dumps(text, ensure_ascii=False)
