"""What DuckDB needs for a translated query: macros, functions in Python, and Athena's words for its errors."""

import re
from contextlib import suppress
from functools import cache
from pathlib import Path

import duckdb

from local.cloud.sql.python_functions import FUNCTIONS

CREATED = re.compile(r"^CREATE MACRO (\w+)", re.MULTILINE)
CALLED = re.compile(r"\b(\w+)\(")
# Athena's error for one of DuckDB's, which matches the pattern; {0} is what the pattern has found.
ERRORS = """
'((?:[A-Z_]+|not on the laptop): .*)' to INT32 => {0}
ValueError: ((?:[A-Z_]+|not on the laptop): [^\\n]*) => {0}
Division by zero => DIVISION_BY_ZERO: Division by zero
date field value out of range: "(.*?)" => INVALID_CAST_ARGUMENT: Value cannot be cast to date: {0}
timestamp field value out of range: "(.*?)" => INVALID_CAST_ARGUMENT: Value cannot be cast to timestamp: {0}
Could not convert string ['"](.*?)['"] to => INVALID_CAST_ARGUMENT: Cannot cast '{0}' to the type of the query or table
Could not parse string "(.*?)" => INVALID_FUNCTION_ARGUMENT: Invalid format: "{0}"
Map keys must be unique => INVALID_FUNCTION_ARGUMENT: Duplicate map keys are not allowed
Malformed JSON => INVALID_FUNCTION_ARGUMENT: Cannot convert value to JSON
convert blob to UTF8 => not on the laptop: from_utf8 of invalid UTF-8; to_hex shows the bytes
More than one row returned by a => SUBQUERY_MULTIPLE_ROWS: Scalar sub-query has returned multiple rows
must appear in the GROUP BY => EXPRESSION_NOT_AGGREGATE: a column must be aggregated or appear in GROUP BY clause
cannot contain (?:aggregates|window)|aggregate function calls => EXPRESSION_NOT_SCALAR: no aggregate is allowed here
[Oo]ut of [Rr]ange|[Oo]verflow|cast to DECIMAL|not cast => NUMERIC_VALUE_OUT_OF_RANGE: a value does not fit its type
invalid (?:perl|escape)|missing|no argument for => not on the laptop: the regular expression; RE2 has no look-around
^IO Error|^HTTP Error => HIVE_CANNOT_OPEN_SPLIT: a file of a table cannot be read
"""


def connect() -> duckdb.DuckDBPyConnection:
    """A database in memory that prints no progress, which would spoil what a command prints."""
    con = duckdb.connect()
    # In Jupyter without ipywidgets even disabling the progress bar raises.
    with suppress(duckdb.InvalidInputException):
        con.execute("SET enable_progress_bar=false")
    return con


@cache
def _errors() -> list[tuple[re.Pattern[str], str]]:
    pairs = (line.split(" => ") for line in ERRORS.strip().splitlines())
    return [(re.compile(pattern, re.DOTALL), message) for pattern, message in pairs]


@cache
def _macros() -> dict[str, str]:
    text = (Path(__file__).parent / "macros.sql").read_text("utf-8")
    starts = [*CREATED.finditer(text)]
    ends = [*(found.start() for found in starts[1:]), len(text)]
    return {found[1]: text[found.start() : end] for found, end in zip(starts, ends, strict=True)}


def install(con: duckdb.DuckDBPyConnection, sql: str, known: set[str]) -> None:
    """Add to a connection what `sql` calls and is not among the `known` names, which grow."""
    for name in CALLED.findall(sql):
        if name in known:
            continue
        known.add(name)
        if macro := _macros().get(name):
            install(con, macro, known)
            con.execute(macro)
        elif function := FUNCTIONS.get(name):
            con.create_function(name, *function)


def worded(error: duckdb.Error) -> str:
    """Athena's words for an error. DuckDB's own would name types and functions that Athena has not."""
    text = str(error)
    for pattern, message in _errors():
        if found := pattern.search(text):
            return message.format(*found.groups()).splitlines()[0]
    return f"not on the laptop: DuckDB cannot run this query ({type(error).__name__}); try it in smaller parts"
