"""What Trino's and Athena's documentation says of functions, types and clauses, asked of the laptop's Athena."""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest
from sqlglot import exp

from local.cloud.sql import calls, functions
from local.cloud.sql.engine import cell_text
from local.cloud.sql.expressions import SYNTAX
from local.cloud.sql.library import install, worded
from local.cloud.sql.queries import Reference, Relation, Translator
from local.cloud.sql.statements import Listing, QueryError, parse_statement
from local.cloud.sql.types import Type

FOLDER = Path(__file__).parent
DOCUMENT = FOLDER.parents[2] / "docs" / "laptop.md"
PARSED = SYNTAX | {exp.GroupConcat: "listagg", exp.Substring: "substring", exp.Trim: "trim"}
REFUSED = "not on the laptop: "
COUNTED = re.compile(r"^\| \[(\w+)\]\([^)]*\) \| (\d+) \| (\d+) \|$", re.MULTILINE)


class Row(NamedTuple):
    """An expression or a query. Of an error, `type` is `error` and `value` the codes that it may have, by `|`."""

    page: str
    expression: str
    value: str
    type: str
    source: str

    @property
    def sql(self) -> str:
        return (
            self.expression if self.expression.startswith(("SELECT", "WITH", "VALUES")) else f"SELECT {self.expression}"
        )


class Answer(NamedTuple):
    value: str
    type: str

    def is_right(self, row: Row) -> bool:
        if row.type == "error":
            return self.type == "error" and self.value.split(":")[0] in row.value.split("|")
        return self == (row.value, row.type)


def read() -> list[Row]:
    rows = []
    for path in sorted(FOLDER.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows += [Row(path.stem, **line) for line in csv.DictReader(file)]
    return rows


def no_tables(reference: Reference) -> Relation:
    raise QueryError(f"TABLE_NOT_FOUND: {reference.table}")


def duckdb_type(kind: Type) -> str:
    """As DuckDB describes a column of the type."""
    return kind.duckdb.replace("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE").replace('"', "")


def ask(con: duckdb.DuckDBPyConnection, known: set[str], sql: str) -> Answer:
    try:
        statement = parse_statement(sql, ())
        assert not isinstance(statement, Listing)
        query = Translator("", no_tables).query(statement)
        install(con, query.sql, known)
        cursor = con.execute(query.sql)
        lines = [
            ["NULL" if (text := cell_text(value)) is None else text for value in line] for line in cursor.fetchall()
        ]
    except QueryError as error:
        return Answer(str(error), "error")
    except duckdb.Error as error:
        return Answer(worded(error), "error")
    found = [str(column[1]).replace('"', "") for column in cursor.description or []]
    for duck, (_, kind) in zip(found, query.columns, strict=True):
        untyped = "unknown" in str(kind) or "NULL" in duck
        assert untyped or duck == duckdb_type(kind), f"{sql}: DuckDB's type is {duck}"
    return Answer("; ".join(map(", ".join, lines)), ", ".join(str(kind) for _, kind in query.columns))


@pytest.fixture(scope="module")
def answers() -> Iterator[list[tuple[Row, Answer]]]:
    with duckdb.connect() as con:
        con.execute("SET TimeZone='UTC'")
        known: set[str] = set()
        yield [(row, ask(con, known, row.sql)) for row in read()]


def test_every_row_is_right_or_refused_by_name(answers: list[tuple[Row, Answer]]) -> None:
    wrong = [
        (row.page, row.expression, answer)
        for row, answer in answers
        if not answer.is_right(row) and not answer.value.startswith(REFUSED)
    ]
    assert wrong == []


def test_no_message_is_duckdbs(answers: list[tuple[Row, Answer]]) -> None:
    messages = [answer.value for _, answer in answers if answer.type == "error"]
    assert [text for text in messages if "DuckDB" in text or "\n" in text or "Error:" in text] == []


def test_every_function_has_a_row() -> None:
    called = {
        node.name.lower() if isinstance(node, exp.Anonymous) else PARSED[type(node)]
        for row in read()
        for node in nodes(row.sql)
    }
    known, refused = functions.catalogue()
    assert sorted({*known, *refused, *calls.RULES} - called) == []


def nodes(sql: str) -> Iterator[exp.Expr]:
    try:
        statement = parse_statement(sql, ())
    except QueryError:
        return
    assert not isinstance(statement, Listing)
    yield from (node for node in statement.walk() if isinstance(node, exp.Anonymous) or type(node) in PARSED)


def test_the_documentation_counts_them(answers: list[tuple[Row, Answer]]) -> None:
    refused = Counter(row.page for row, answer in answers if answer.value.startswith(REFUSED))
    rows = Counter(row.page for row, _ in answers)
    counted = {
        page: (int(right), int(not_there)) for page, right, not_there in COUNTED.findall(DOCUMENT.read_text("utf-8"))
    }

    assert counted == {page: (number - refused[page], refused[page]) for page, number in rows.items()}
    assert len(answers) >= 400
    assert {row.source.split("/")[2] for row, _ in answers} >= {"trino.io"}
