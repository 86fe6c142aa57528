"""What must hold of the semantic model."""

import re
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import date

from pipeline.billing.bill import Bill, month_to_date
from pipeline.billing.summary import Summary
from pipeline.billing.summary import table as costs_table
from pipeline.table import schema

from powerbi.generator.tmdl import tag
from tests.powerbi.checks.project import MODEL, Project
from tests.powerbi.checks.tmdl import Node, unquoted

POWER_BI = {"string": "string", "date": "dateTime", "decimal(38,18)": "double", "bigint": "int64"}
PUBLISHED = {
    "observations": schema.TIME_SERIES | schema.PUBLISHED_PARTITIONS,
    "cross_sectional": schema.CROSS_SECTIONAL | schema.PUBLISHED_PARTITIONS,
    "tables": schema.TABLES,
    "revisions": schema.REVISIONS,
}
ADDED = {
    "observations": {"frequency": "string", "series_label": "string"},
    "revisions": {"revised_on": "dateTime", "relative_change": "double"},
}


def tmdl_is_well_formed(project: Project) -> Iterator[str]:
    for path, document in project.documents.items():
        yield from (f"{path}, {finding}" for finding in document.findings)


def every_table_file_is_referenced(project: Project) -> Iterator[str]:
    referenced = [name for kind, name in project.documents[f"{MODEL}model.tmdl"].references if kind == "table"]
    files = {
        path.removeprefix(f"{MODEL}tables/"): document
        for path, document in project.documents.items()
        if "/tables/" in path
    }
    for name in {*referenced} ^ {*project.tables}:
        yield f"table {name} is either not there or not referenced"
    for name, document in files.items():
        if [f"{node.kind} {node.name}.tmdl" for node in document.nodes] != [f"table {name}"]:
            yield f"{name} must hold the table of its name and nothing else"
    yield from (f"{name} is referenced twice" for name, times in Counter(referenced).items() if times > 1)


def names_are_unique(project: Project) -> Iterator[str]:
    measures = [one.name.lower() for table in project.tables.values() for one in table.of("measure")]
    for table in project.tables.values():
        own = [one.name.lower() for one in (*table.of("column"), *table.of("measure"))]
        yield from (f"{table.name} has {name} twice" for name, times in Counter(own).items() if times > 1)
    yield from (f"there are two measures {name}" for name, times in Counter(measures).items() if times > 1)


def everything_is_described(project: Project) -> Iterator[str]:
    for node in _described(project):
        if not re.fullmatch(r".{5,}\.", node.description):
            yield f"{node.kind} {node.name} needs a description that is a sentence"


def _described(project: Project) -> Iterator[Node]:
    yield from project.nodes("expression")
    for table in project.tables.values():
        yield from (table, *table.of("column"), *table.of("measure"))


def lineage_tags_are_unique_and_stable(project: Project) -> Iterator[str]:
    tags = Counter(node.properties.get("lineageTag") for node in _described(project))
    yield from (f"lineage tag {one} is of {times} objects" for one, times in tags.items() if times > 1 or not one)
    for table in project.tables.values():
        for node in table.of("column") + table.of("measure"):
            if node.properties.get("lineageTag") != tag(node.kind, table.name, node.name):
                yield f"{table.name}[{node.name}] has another lineage tag than before"
    for node in project.nodes("relationship"):
        if uuid.UUID(node.name).version != 5:
            yield f"relationship {node.name} has no stable name"


def columns_have_a_source(project: Project) -> Iterator[str]:
    for table in project.tables.values():
        partitions = table.of("partition")
        if [one.name for one in partitions] != [table.name] or not partitions[0].of("source"):
            yield f"{table.name} needs one partition of its name with a source"
            continue
        calculated = partitions[0].expression == "calculated"
        for column in table.of("column"):
            expected = f"[{column.name}]" if calculated else column.name
            if column.properties.get("sourceColumn") != expected or "dataType" not in column.properties:
                yield f"{table.name}[{column.name}] needs dataType and sourceColumn {expected}"


def columns_are_the_contract(project: Project) -> Iterator[str]:
    for name, contract in PUBLISHED.items():
        expected = {column: POWER_BI[hive] for column, hive in contract.items()} | ADDED.get(name, {})
        yield from _differences(project, name, expected)
    yield from _differences(
        project, "costs", dict.fromkeys(_cost_columns(), "string") | {"day": "dateTime", "amount": "double"}
    )


def _differences(project: Project, name: str, expected: dict[str, str]) -> Iterator[str]:
    columns = project.tables[name].of("column") if name in project.tables else []
    found = {column.name: column.properties.get("dataType") for column in columns}
    for column in sorted(found.keys() | expected.keys()):
        if found.get(column) != expected.get(column):
            yield f"{name}[{column}] is {found.get(column)}, the contract has {expected.get(column)}"


def _cost_columns() -> list[str]:
    """The header that the daily report really writes."""
    bill, day = Bill([]), date(2026, 1, 1)
    empty = Summary(day, "singstat", bill, month_to_date(bill, day), [], [], [])
    return costs_table(empty).decode().strip().split(",")


def columns_sort_by_a_column(project: Project) -> Iterator[str]:
    for (table, name), column in project.columns.items():
        by = unquoted(column.properties.get("sortByColumn", name))
        if (table, by) not in project.columns:
            yield f"{table}[{name}] sorts by {by}, which is not there"
    if "sortByColumn" not in project.columns["date", "month_name"].properties:
        yield "date[month_name] must sort by its number, not its letters"


def relationships_join_equal_columns(project: Project) -> Iterator[str]:
    for node in project.nodes("relationship"):
        ends = [_end(node, end) for end in ("fromColumn", "toColumn")]
        missing = [f"{table}[{column}]" for table, column in ends if (table, column) not in project.columns]
        if missing:
            yield f"relationship {node.name} joins {', '.join(missing)}, not there"
            continue
        types = {project.columns[end].properties.get("dataType") for end in ends}
        if len(types) > 1:
            yield f"relationship {node.name} joins {types}"
        if ends[1] not in {("tables", "table_id"), ("date", "date")}:
            yield f"relationship {node.name} leads to {ends[1]}, whose values are not unique"


def filters_have_one_path(project: Project) -> Iterator[str]:
    """From any table a filter reaches another one by one way at most: each edge leads from a dimension to its facts."""
    edges = [(_end(node, "toColumn")[0], _end(node, "fromColumn")[0]) for node in project.nodes("relationship")]
    for start in project.tables:
        reached, ways = Counter[str](), [start]
        while ways:
            here = ways.pop()
            further = [many for one, many in edges if one == here]
            reached.update(further)
            ways += further if max(reached.values(), default=0) < 2 else []
        yield from (f"{times} ways lead from {start} to {end}" for end, times in reached.items() if times > 1)


def _end(node: Node, end: str) -> tuple[str, str]:
    table, _, column = node.properties.get(end, ".").partition(".")
    return unquoted(table), unquoted(column)


def measures_have_a_folder(project: Project) -> Iterator[str]:
    for (table, name), measure in project.measures.items():
        if not {"displayFolder", "formatString"} <= measure.properties.keys():
            yield f"{table}[{name}] needs a display folder and a format"
