"""References in DAX: tables, columns, measures, functions and variables must exist."""

import re
from collections.abc import Iterator

from tests.powerbi.checks.project import Project

TOKEN = re.compile(
    r"""(?P<text>"(?:[^"]|"")*") | (?P<table>'(?:[^']|'')+')(?P<column>\[[^\]]+\])? | (?P<measure>\[[^\]]+\])
    | (?P<word>[A-Za-z_]\w*)(?P<call>\s*\()? | (?P<open>[({]) | (?P<close>[)}]) | \d+(?:\.\d+)?
    | && | \|\| | <> | [<>]=? | [-+*/&=,] | \s+ | (?P<odd>.)""",
    re.VERBOSE,
)
FUNCTIONS = frozenset(
    """ABS CALCULATE CALENDAR COALESCE COUNTROWS DATE DISTINCT DISTINCTCOUNT DIVIDE EDATE FILTER FORMAT IF ISBLANK
    KEEPFILTERS LOWER MAX MAXX MIN MONTH NOT QUARTER REMOVEFILTERS SELECTCOLUMNS SELECTEDVALUE SUM SUMMARIZE SWITCH
    TODAY TRIM YEAR""".split()
)
WORDS = frozenset({"VAR", "RETURN", "IN", "NOT"})
OWN = frozenset({"[Date]"})  # the column of CALENDAR
PAIRS = {")": "(", "}": "{"}


def dax_refers_to_what_exists(project: Project) -> Iterator[str]:
    for (table, name), measure in project.measures.items():
        yield from (f"{table}[{name}]: {finding}" for finding in _findings(project, measure.expression, frozenset()))
    for table in project.tables.values():
        for partition in table.of("partition"):
            if partition.expression == "calculated":
                code = "".join(source.expression for source in partition.of("source"))
                yield from (f"{table.name}: {finding}" for finding in _findings(project, code, OWN))


def _findings(project: Project, code: str, own: frozenset[str]) -> Iterator[str]:
    measures = {f"[{name}]" for _, name in project.measures}
    variables = set(re.findall(r"\bVAR (\w+) =", code))
    brackets: list[str] = []
    for token in TOKEN.finditer(code):
        table, column, word = (token["table"] or "")[1:-1], (token["column"] or "")[1:-1], token["word"]
        if table and table not in project.tables:
            yield f"there is no table {table}"
        elif column and (table, column) not in project.columns:
            yield f"there is no column {table}[{column}]"
        if token["measure"] and token["measure"] not in measures | own:
            yield f"there is no measure {token['measure']}"
        if word and word not in (FUNCTIONS if token["call"] and word not in WORDS else WORDS | variables):
            yield f"{word} is neither a known function nor a variable"
        if token["odd"]:
            yield f"{token['odd']!r} means nothing"
        if token["open"] or token["call"]:
            brackets.append(token["open"] or "(")
        elif token["close"] and (not brackets or brackets.pop() != PAIRS[token["close"]]):
            yield "a bracket closes that was not opened"
            return
    if brackets:
        yield "a bracket is not closed"
    if variables and code.count("RETURN") != 1:
        yield "variables need one RETURN"
