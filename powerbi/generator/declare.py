"""The elements of the semantic model: columns, measures, tables, relationships and expressions."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.table import schema

TYPES = {schema.TEXT: "string", schema.DAY: "dateTime", schema.EXACT: "double", schema.WHOLE: "int64"}
M_TYPES = {"string": "type text", "dateTime": "type date", "double": "type number", "int64": "Int64.Type"}
FORMATS = {"string": "", "dateTime": "yyyy-mm-dd", "double": "#,0.##########", "int64": "#,0"}


@dataclass(frozen=True)
class Column:
    """A column with its Power BI type. `sort_by` names another column of its table; field lists omit hidden columns."""

    name: str
    type: str
    description: str
    hidden: bool = False
    sort_by: str = ""
    key: bool = False
    format: str | None = None

    @property
    def format_string(self) -> str:
        """The format string of its values; empty for text."""
        return FORMATS[self.type] if self.format is None else self.format


@dataclass(frozen=True)
class Measure:
    """A DAX expression with its name, display folder and format."""

    name: str
    folder: str
    format: str
    description: str
    dax: str


@dataclass(frozen=True)
class Table:
    """A table with the rows of `source`: M, or DAX if `calculated`."""

    name: str
    description: str
    columns: tuple[Column, ...]
    source: str
    measures: tuple[Measure, ...] = ()
    calculated: bool = False
    dates: bool = False


@dataclass(frozen=True)
class Relationship:
    """A many-to-one relationship from `table[column]` to `to[to_column]`, which filters it."""

    table: str
    column: str
    to: str
    to_column: str


@dataclass(frozen=True)
class Expression:
    """A shared M expression: a parameter or a function."""

    name: str
    description: str
    source: str
    result: str


def from_contract(
    contract: Mapping[str, str], descriptions: Mapping[str, str], hidden: frozenset[str]
) -> tuple[Column, ...]:
    """The columns of the contract, with their names and in their order."""
    return tuple(
        Column(name, TYPES[hive], descriptions[name], hidden=name in hidden) for name, hive in contract.items()
    )


def m_types(columns: tuple[Column, ...]) -> str:
    """Names and types of the columns in M: `{{"series_no", type text}, ...}`."""
    return "{" + ", ".join(f'{{"{column.name}", {M_TYPES[column.type]}}}' for column in columns) + "}"
