"""The semantic model as TMDL: one object or property per line, indented by tabs."""

import re
import uuid
from collections.abc import Iterable

from powerbi.generator.declare import Column, Expression, Measure, Relationship, Table

NAMESPACE = uuid.UUID("9c3f6c5e-2b0e-5d0a-9a57-51a9f2b3c0de")  # fixed, so lineage tags never change
PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
CULTURE = "en-US"


def tag(*path: str) -> str:
    """The lineage tag of an object, derived from its path of names."""
    return str(uuid.uuid5(NAMESPACE, "/".join(path)))


def quoted(name: str) -> str:
    """A name, quoted if TMDL requires it."""
    return name if PLAIN.fullmatch(name) else "'" + name.replace("'", "''") + "'"


def database() -> str:
    """`database.tmdl`."""
    return "database\n\tcompatibilityLevel: 1601\n"


def model(tables: Iterable[Table], expressions: Iterable[Expression]) -> str:
    """`model.tmdl`: the tables, the culture, the order of the queries."""
    tables = list(tables)
    order = [*(one.name for one in expressions), *(table.name for table in tables if not table.calculated)]
    queries = ",".join(f'"{name}"' for name in order)
    lines = [
        "model Model",
        f"\tculture: {CULTURE}",
        "\tdefaultPowerBIDataSourceVersion: powerBI_V3",
        "\tdiscourageImplicitMeasures",
        f"\tsourceQueryCulture: {CULTURE}",
        "\tdataAccessOptions\n\t\tlegacyRedirects\n\t\treturnErrorValuesAsNull\n",
        "annotation __PBI_TimeIntelligenceEnabled = 0\n",
        f"annotation PBI_QueryOrder = [{queries}]\n",
        *(f"ref table {quoted(table.name)}" for table in tables),
        f"\nref cultureInfo {CULTURE}",
    ]
    return "\n".join(lines) + "\n"


def culture() -> str:
    """`cultures/en-US.tmdl`."""
    return f"cultureInfo {CULTURE}\n"


def expressions(declared: Iterable[Expression]) -> str:
    """`expressions.tmdl`."""
    return "\n".join(
        f"/// {one.description}\nexpression {quoted(one.name)} ={_code(one.source, 2)}\n"
        f"\tlineageTag: {tag('expression', one.name)}\n\n\tannotation PBI_ResultType = {one.result}\n"
        for one in declared
    )


def relationships(declared: Iterable[Relationship]) -> str:
    """`relationships.tmdl`."""
    return "\n".join(
        f"relationship {tag('relationship', one.table, one.column, one.to, one.to_column)}\n"
        f"\tfromColumn: {quoted(one.table)}.{quoted(one.column)}\n"
        f"\ttoColumn: {quoted(one.to)}.{quoted(one.to_column)}\n"
        for one in declared
    )


def table(declared: Table) -> str:
    """`tables/<name>.tmdl`: measures, columns and the single partition."""
    kind = "calculated" if declared.calculated else "m"
    head = f"/// {declared.description}\ntable {quoted(declared.name)}\n\tlineageTag: {tag('table', declared.name)}\n"
    parts = [
        head + ("\tdataCategory: Time\n" if declared.dates else ""),
        *(_measure(declared.name, measure) for measure in declared.measures),
        *(_column(declared, column) for column in declared.columns),
        f"\tpartition {quoted(declared.name)} = {kind}\n\t\tmode: import\n\t\tsource ={_code(declared.source, 4)}\n",
    ]
    return "\n".join([*parts, *([] if declared.calculated else ["\tannotation PBI_ResultType = Table\n"])])


def _measure(of: str, measure: Measure) -> str:
    return (
        f"\t/// {measure.description}\n\tmeasure {quoted(measure.name)} ={_code(measure.dax, 3)}\n"
        f"\t\tformatString: {measure.format}\n\t\tdisplayFolder: {measure.folder}\n"
        f"\t\tlineageTag: {tag('measure', of, measure.name)}\n"
    )


def _column(of: Table, column: Column) -> str:
    source = f"[{column.name}]" if of.calculated else column.name
    return (
        f"\t/// {column.description}\n\tcolumn {quoted(column.name)}\n\t\tdataType: {column.type}\n"
        + ("\t\tisHidden\n" if column.hidden else "")
        + ("\t\tisKey\n" if column.key else "")
        + ("\t\tisNameInferred\n" if of.calculated else "")
        + (f"\t\tformatString: {column.format_string}\n" if column.format_string else "")
        + f"\t\tlineageTag: {tag('column', of.name, column.name)}\n\t\tsummarizeBy: none\n\t\tsourceColumn: {source}\n"
        + (f"\t\tsortByColumn: {quoted(column.sort_by)}\n" if column.sort_by else "")
        + "\n\t\tannotation SummarizationSetBy = User\n"
        + ("\n\t\tannotation UnderlyingDateTimeDataType = Date\n" if column.type == "dateTime" else "")
    )


def _code(source: str, depth: int) -> str:
    """An expression after the equals sign: inline if one line, else on the next lines, indented by `depth` tabs."""
    if "\n" not in source:
        return f" {source}"
    tabs = "\t" * depth
    return "".join(f"\n{tabs}{line}" if line else "\n" for line in source.split("\n"))
