"""What a semantic model is made of, as the generator declares it."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.table import schema

TYPES = {schema.TEXT: "string", schema.DAY: "dateTime", schema.EXACT: "double", schema.WHOLE: "int64"}
M_TYPES = {"string": "type text", "dateTime": "type date", "double": "type number", "int64": "Int64.Type"}
FORMATS = {"string": "", "dateTime": "yyyy-mm-dd", "double": "#,0.##########", "int64": "#,0"}


@dataclass(frozen=True)
class Column:
    """A column with its Power BI type. `sort_by` is another column of its table; a hidden one is not in field lists."""

    name: str
    type: str
    description: str
    hidden: bool = False
    sort_by: str = ""
    key: bool = False
    format: str | None = None

    @property
    def format_string(self) -> str:
        """How its values are shown; empty for text."""
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
    """A table whose rows come from `source`: M, or DAX when `calculated`."""

    name: str
    description: str
    columns: tuple[Column, ...]
    source: str
    measures: tuple[Measure, ...] = ()
    calculated: bool = False
    dates: bool = False


@dataclass(frozen=True)
class Relationship:
    """Many rows of `table[column]` belong to one row of `to[to_column]`, which filters them."""

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
    """The contract's columns, in its order, with its names."""
    return tuple(
        Column(name, TYPES[hive], descriptions[name], hidden=name in hidden) for name, hive in contract.items()
    )


def m_types(columns: tuple[Column, ...]) -> str:
    """The columns as M writes names and types: `{{"series_no", type text}, ...}`."""
    return "{" + ", ".join(f'{{"{column.name}", {M_TYPES[column.type]}}}' for column in columns) + "}"
