"""DataBrew recipe steps as DuckDB views: each step selects from the view of the previous one."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.cloud.sql.scan import name_sql, text_sql

if TYPE_CHECKING:
    import duckdb

NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
WITH_OPTIONAL_DECIMALS = r"[+-]?\d+(\.\d*)?"
ISO_DATE = r"\d{4}-\d{2}-\d{2}"
INTEGERS = {"byte": "TINYINT", "short": "SMALLINT", "int": "INTEGER", "long": "BIGINT"}

# The whitespace flags of REMOVE_COMBINED in the order in which they apply: a pattern and its replacement.
WHITESPACE = {
    "collapseConsecutiveWhitespace": (r"\s+", " "),
    "removeLeadingAndTrailingWhitespace": (r"^\s+|\s+$", ""),
}


class StepError(ValueError):
    """A step that cannot be applied: one line with its number and operation."""


@dataclass(frozen=True)
class Step:
    """One recipe step and its input columns. Its methods raise `ValueError` if the step is invalid."""

    operation: str
    parameters: dict[str, str]
    conditions: list[dict[str, str]]
    columns: Sequence[str]

    def parameter(self, name: str) -> str:
        """A required parameter."""
        if name not in self.parameters:
            raise ValueError(f"parameter {name} is missing")
        return self.parameters[name]

    def existing(self, column: str) -> str:
        """The SQL name of a column that must exist."""
        if column not in self.columns:
            raise ValueError(f"column {column} does not exist")
        return name_sql(column)

    def source(self) -> str:
        """The SQL name of `sourceColumn`."""
        return self.existing(self.parameter("sourceColumn"))

    def target(self) -> str:
        """The SQL name of `targetColumn`, which must not exist yet."""
        column = self.parameter("targetColumn")
        if column in self.columns:
            raise ValueError(f"column {column} already exists")
        return name_sql(column)

    def replacing(self, expression: str) -> str:
        """SQL that replaces the source column by an expression."""
        return f"SELECT * REPLACE ({expression} AS {self.source()})"


def apply(con: "duckdb.DuckDBPyConnection", steps: Sequence[dict[str, Any]], relation: str) -> str:
    """Apply the steps of a recipe in order and return the name of the last view.

    Raises `StepError` if a step is invalid or the laptop does not support it.
    """
    from duckdb import Error  # noqa: PLC0415 - only a job needs it

    for number, definition in enumerate(steps, start=1):
        action, view = definition["Action"], f"step {number}"
        columns = [row[0] for row in con.execute(f"DESCRIBE {name_sql(relation)}").fetchall()]
        step = Step(
            action["Operation"],
            action.get("Parameters") or {},
            definition.get("ConditionExpressions") or [],
            columns,
        )
        try:
            con.execute(f"CREATE TEMP VIEW {name_sql(view)} AS {_sql(step, name_sql(relation))}")
        except (ValueError, Error) as error:
            raise StepError(f"step {number} {step.operation}: {str(error).splitlines()[0]}") from error
        relation = view
    return relation


def _sql(step: Step, relation: str) -> str:
    if step.operation not in OPERATIONS:
        raise ValueError("not on the laptop: this operation")
    if step.conditions and step.operation != "REMOVE_VALUES":
        raise ValueError("not on the laptop: conditions, but for REMOVE_VALUES")
    select, where = OPERATIONS[step.operation](step), ""
    if isinstance(select, tuple):
        select, where = select
    return f"{select} FROM {relation} {where}"


def _change_data_type(step: Step) -> str:
    """Casts text as Spark does: unparseable values become NULL, decimals are rounded half up to 18 places."""
    kind, text = step.parameter("columnDataType"), f"trim(CAST({step.source()} AS VARCHAR))"
    if kind == "string":
        return step.replacing(f"CAST({step.source()} AS VARCHAR)")
    if kind == "boolean":
        return step.replacing(
            f"CASE WHEN lower({text}) IN ('t', 'true', 'y', 'yes', '1') THEN true "
            f"WHEN lower({text}) IN ('f', 'false', 'n', 'no', '0') THEN false END"
        )
    if kind in INTEGERS:
        return step.replacing(_parsed(text, WITH_OPTIONAL_DECIMALS, f"split_part({text}, '.', 1)", INTEGERS[kind]))
    if kind == "decimal":
        return step.replacing(_parsed(text, NUMBER, text, "DECIMAL(38, 18)"))
    if kind == "date":
        return step.replacing(_parsed(text, ISO_DATE, text, "DATE"))
    if kind in ("float", "double", "timestamp"):
        return step.replacing(f"TRY_CAST({text} AS {kind})")
    raise ValueError(f"not on the laptop: the type {kind}")


def _parsed(text: str, pattern: str, value: str, kind: str) -> str:
    return f"CASE WHEN regexp_full_match({text}, {text_sql(pattern)}) THEN TRY_CAST({value} AS {kind}) END"


def _remove_combined(step: Step) -> str:
    flags = [name for name, value in step.parameters.items() if value == "true"]
    if unknown := sorted(set(flags) - set(WHITESPACE)):
        raise ValueError(f"not on the laptop: {', '.join(unknown)}")
    expression = step.source()
    for flag, (pattern, replacement) in WHITESPACE.items():
        if flag in flags:
            expression = f"regexp_replace({expression}, {text_sql(pattern)}, {text_sql(replacement)}, 'g')"
    return step.replacing(expression)


def _replace_text(step: Step) -> str:
    """The pattern is a regular expression; `$1` in the value is its first capturing group."""
    value = re.sub(r"\$(\d)", r"\\\1", step.parameter("value").replace("\\", "\\\\"))
    pattern = text_sql(step.parameter("pattern"))
    return step.replacing(f"regexp_replace({step.source()}, {pattern}, {text_sql(value)}, 'g')")


def _remove_missing(step: Step) -> tuple[str, str]:
    return "SELECT *", f"WHERE NOT {_is_missing(step.source())}"


def _is_missing(column: str) -> str:
    """DataBrew treats NULL and the empty string as missing."""
    return f"({column} IS NULL OR CAST({column} AS VARCHAR) = '')"


def _remove_values(step: Step) -> tuple[str, str]:
    step.source()
    if not step.conditions:
        raise ValueError("ConditionExpressions are missing")
    return "SELECT *", f"WHERE NOT coalesce({' AND '.join(_condition(step, item) for item in step.conditions)}, false)"


def _condition(step: Step, condition: dict[str, str]) -> str:
    kind, column = condition["Condition"], step.existing(condition["TargetColumn"])
    if kind == "IS_MISSING":
        return _is_missing(column)
    if kind in ("IS", "IS_NOT"):
        values = ", ".join(text_sql(value) for value in json.loads(condition["Value"]))
        return f"CAST({column} AS VARCHAR) {'IN' if kind == 'IS' else 'NOT IN'} ({values})"
    raise ValueError(f"not on the laptop: the condition {kind}")


OPERATIONS: dict[str, Callable[[Step], str | tuple[str, str]]] = {
    "RENAME": lambda step: f"SELECT * RENAME ({step.source()} AS {step.target()})",
    "DELETE": lambda step: f"SELECT * EXCLUDE ({step.source()})",
    "DUPLICATE": lambda step: f"SELECT *, {step.source()} AS {step.target()}",
    "CHANGE_DATA_TYPE": _change_data_type,
    "REMOVE_COMBINED": _remove_combined,
    "REPLACE_TEXT": _replace_text,
    "UPPER_CASE": lambda step: step.replacing(f"upper({step.source()})"),
    "LOWER_CASE": lambda step: step.replacing(f"lower({step.source()})"),
    "REMOVE_MISSING": _remove_missing,
    "REMOVE_VALUES": _remove_values,
    "DELETE_DUPLICATE_ROWS": lambda _: "SELECT DISTINCT *",
}
