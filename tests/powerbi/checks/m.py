"""References in Power Query M: steps, parameters and functions must exist."""

import re
from collections.abc import Iterator

from tests.powerbi.checks.project import Project

FUNCTIONS = frozenset(
    """AmazonAthena.Databases Csv.Document Date.FromText Folder.Files Int64.Type List.Max List.Transform Number.Abs
    Parquet.Document Table.AddColumn Table.Combine Table.Group Table.PromoteHeaders Table.SelectColumns Table.SelectRows
    Table.ToRecords Table.TransformColumnTypes Text.EndsWith Text.Start""".split()
)
WORDS = frozenset(
    """let in each if then else and or not true false null meta type as is text number date logical list record table
    function any nullable _""".split()
)
TEXT = re.compile(r'"(?:[^"]|"")*"')
FIELD = re.compile(r"\[[A-Za-z_ ]+\]")
NAME = re.compile(r"[A-Za-z_][\w.]*")
PAIRS = {")": "(", "]": "[", "}": "{"}


def m_refers_to_what_exists(project: Project) -> Iterator[str]:
    shared = {node.name: node.expression for node in project.nodes("expression")}
    for name, code in {**shared, **_queries(project)}.items():
        bare = FIELD.sub("", TEXT.sub("", code))
        declared = set(re.findall(r"([A-Za-z]\w*) =(?!=)", bare)) | set(re.findall(r"([a-z]\w*) as ", bare))
        for word in sorted({*NAME.findall(bare)} - declared - WORDS - FUNCTIONS - shared.keys()):
            yield f"{name}: {word} is neither a step, a parameter nor a known function"
        if not _balanced(bare) or len(re.findall(r"\blet\b", bare)) != len(re.findall(r"\bin\b", bare)):
            yield f"{name}: brackets or let and in do not pair"


def queries_bring_every_column(project: Project) -> Iterator[str]:
    for table in project.tables.values():
        for source in (source for partition in table.of("partition") for source in partition.of("source")):
            for column in table.of("column"):
                if f'"{column.name}"' not in source.expression:
                    yield f"the query of {table.name} does not bring {column.name}"


def _queries(project: Project) -> dict[str, str]:
    return {
        table.name: "".join(source.expression for source in partition.of("source"))
        for table in project.tables.values()
        for partition in table.of("partition")
        if partition.expression == "m"
    }


def _balanced(code: str) -> bool:
    brackets: list[str] = []
    for character in code:
        if character in PAIRS.values():
            brackets.append(character)
        elif character in PAIRS and (not brackets or brackets.pop() != PAIRS[character]):
            return False
    return not brackets
