"""The view `revisions` and the rule in Python agree, on random tables whose series move, split and change names."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import duckdb
import pytest
from pipeline.publication.identity import Labels, label_changes, match
from pipeline.publication.revisions import revision_kind
from pipeline.table import schema
from samtranslator.yaml_helper import yaml_parse

from local.cloud.sql.library import install
from local.cloud.sql.queries import Reference, Relation, Translator
from local.cloud.sql.scan import duckdb_type
from local.cloud.sql.statements import parse_statement
from local.cloud.sql.types import parse_type
from local.cloud.stack.template import TEMPLATE

TABLES, EDITIONS = 600, ("2026-05-01.2", "2026-05-01.10", "2026-06-01.1")
KINDS = {"revised", "new", "deleted", "renumbered", "label", "unit", "footnote"}
FREQUENCIES = ("monthly", "quarterly", "half_yearly", "yearly", "cross_sectional")


@dataclass(frozen=True)
class Node:
    """A series with those below it. Without cells it is a heading, which the published tables lack."""

    label: str
    unit: str = "Number"
    footnote: str = ""
    cells: dict[str, str] = field(default_factory=dict)
    children: tuple["Node", ...] = ()


Edition = dict[Labels, dict[str, str]]


def node(chance: random.Random, depth: int = 0) -> Node:
    children = tuple(node(chance, depth + 1) for _ in range(chance.choice((0, 0, 1, 2, 3)))) if depth < 2 else ()
    cells = {str(year): str(chance.randrange(3)) for year in range(2024, 2024 + chance.choice((0, 2, 3, 3)))}
    return Node(chance.choice("ABCD"), cells=cells, children=children)


def changed(nodes: tuple[Node, ...], chance: random.Random) -> tuple[Node, ...]:
    """The next edition: most series as they were, others revised, renamed, moved, removed or new."""
    after = []
    for each in nodes:
        one = replace(each, children=changed(each.children, chance))
        match chance.randrange(16):
            case 0:
                after.append(node(chance, 1))
            case 1:
                continue
            case 2:
                one = replace(one, label=chance.choice("ABCDEF"))
            case 3:
                one = replace(one, unit=chance.choice(("Thousand", "")))
            case 4:
                one = replace(one, footnote=chance.choice(("of May", "")))
            case 5:
                one = replace(one, cells=one.cells | {"2025": "9.0", "2030": ""})
            case 6:
                one = replace(one, cells=dict(list(one.cells.items())[1:]))
        after.append(one)
    if chance.randrange(8) == 0:
        chance.shuffle(after)
    return tuple(after)


def numbered(nodes: tuple[Node, ...], above: str = "") -> Iterator[tuple[Labels, dict[str, str]]]:
    for position, each in enumerate(nodes, 1):
        number = f"{above}{position}"
        if each.cells:
            yield Labels(number, each.label, each.unit, each.footnote), each.cells
        yield from numbered(each.children, f"{number}.")


def history(chance: random.Random) -> list[Edition]:
    nodes = tuple(node(chance) for _ in range(chance.randrange(1, 5)))
    editions = [dict(numbered(nodes))]
    for _ in EDITIONS[1:]:
        nodes = changed(nodes, chance)
        editions.append(dict(numbered(nodes)))
    return editions


def expected(old: Edition, new: Edition) -> Iterator[tuple[str | None, ...]]:
    """The rows of the view for two editions, by the rule in Python."""
    before, after = ({each.series_no: each for each in edition} for edition in (old, new))
    matched = match(list(old), list(new))
    pairs = [(before.get(matched.get(number, "")), each) for number, each in after.items()]
    pairs += [(each, None) for number, each in before.items() if number not in matched.values()]
    for was, now in pairs:
        was_cells, now_cells = (edition[each] if each else {} for edition, each in ((old, was), (new, now)))
        shown = now or was
        assert shown
        for cell in was_cells | now_cells:
            if kind := revision_kind(was_cells.get(cell), now_cells.get(cell)):
                yield shown.series_no, shown.series, cell, kind, was_cells.get(cell), now_cells.get(cell)
    for change in label_changes(list(old), list(new)):
        yield change.series_no, change.series, "", change.kind, change.old, change.new


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        for frequency in FREQUENCIES:
            declared = schema.CROSS_SECTIONAL if frequency == "cross_sectional" else schema.TIME_SERIES
            columns = declared | {"table_id": schema.TEXT, "edition": schema.TEXT}
            opened.execute(
                f"CREATE TABLE {frequency}_vintages ({', '.join(f'{n} {duckdb_type(k)}' for n, k in columns.items())})"
            )
        yield opened


def fill(con: duckdb.DuckDBPyConnection, tables: dict[str, list[Edition]]) -> None:
    """Each table in `yearly_vintages` or, every third, in `cross_sectional_vintages`. An empty label may be NULL."""
    for number, (table_id, editions) in enumerate(tables.items()):
        frequency, column = ("cross_sectional", "column_2") if number % 3 == 0 else ("yearly", "period")
        lines = [
            (table_id, name, labels.series_no, labels.series, labels.unit or None, labels.footnote, cell, text)
            for name, edition in zip(EDITIONS, editions, strict=True)
            for labels, cells in edition.items()
            for cell, text in cells.items()
        ]
        if lines:
            con.execute(
                f"INSERT INTO {frequency}_vintages"
                f" (table_id, edition, series_no, series, unit, footnote, {column}, value_text)"
                f" SELECT {', '.join('unnest(?)' for _ in lines[0])}",
                [list(values) for values in zip(*lines, strict=True)],
            )


def view() -> str:
    resources: dict[str, Any] = yaml_parse(TEMPLATE.read_text("utf-8"))["Resources"]
    (document,) = (
        part["Fn::Base64"]["Fn::Sub"]
        for part in resources["Revisions"]["Properties"]["TableInput"]["ViewOriginalText"]["Fn::Join"][1]
        if isinstance(part, dict)
    )
    sql: str = json.loads(document)["originalSql"]
    return sql


def test_the_view_and_python_agree_on_random_tables(con: duckdb.DuckDBPyConnection) -> None:
    chance = random.Random(15)
    tables = {f"M{number:06}": history(chance) for number in range(TABLES)}
    fill(con, tables)

    def bind(reference: Reference) -> Relation:
        described = con.execute(f"DESCRIBE {reference.table}").fetchall()
        return Relation(reference.table, [(name, parse_type(kind)) for name, kind, *_ in described])

    query = Translator("", bind).query(parse_statement(view(), ()))
    install(con, query.sql, set())
    rows = con.execute(query.sql).fetchall()
    found: dict[tuple[str, str, str], list[tuple[str | None, ...]]] = {}
    for table_id, previous, edition, number, series, cell, kind, _, _, old, new in rows:
        found.setdefault((table_id, previous, edition), []).append((number, series, cell, kind, old, new))

    assert {row[6] for row in rows} == KINDS
    for table_id, editions in tables.items():
        published = [(name, each) for name, each in zip(EDITIONS, editions, strict=True) if each]
        for (previous, old), (edition, new) in pairwise(published):
            actual = sorted(found.get((table_id, previous, edition), []), key=repr)
            assert actual == sorted(expected(old, new), key=repr), (table_id, edition, old, new)
