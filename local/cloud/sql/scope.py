"""The names that an Athena expression can use, and the values that it is translated to."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import NamedTuple, Self

from sqlglot import exp

from local.cloud.sql.errors import QueryError
from local.cloud.sql.types import Type, quoted


class Value(NamedTuple):
    """A DuckDB expression and Athena's type of it."""

    sql: str
    type: Type


class Output(NamedTuple):
    """A translated query: DuckDB's SQL, and Athena's names and types of the result columns."""

    sql: str
    columns: list[tuple[str, Type]]


@dataclass
class Scope:
    """The relations of a FROM clause by name, in order; around it the scope of the query outside, and lambdas."""

    query: Callable[[exp.Expr, "Scope"], Output]
    translate: Callable[[exp.Expr, "Scope"], Value]
    outer: Self | None = None
    relations: list[tuple[str, list[tuple[str, Type]]]] = field(default_factory=list)
    merged: dict[str, Value] = field(default_factory=dict)  # the columns of JOIN ... USING
    variables: dict[str, Value] = field(default_factory=dict)  # of lambdas, and the output columns in ORDER BY
    windows: set[str] = field(default_factory=set)

    def inside(self, variables: dict[str, Value]) -> "Scope":
        """The scope of a lambda's body, or of ORDER BY."""
        return replace(self, variables=self.variables | variables)

    def column(self, name: str, table: str = "") -> Value:
        """A column. Raises `QueryError` if there is none, or more than one."""
        found = self._found(name, table)
        if not found:
            known = {column for scope in self._scopes() for _, columns in scope.relations for column, _ in columns}
            near = ", ".join(get_close_matches(name, known)) or ", ".join(sorted(known))
            raise QueryError(f"COLUMN_NOT_FOUND: column {name} does not exist; similar: {near or 'none'}")
        if len(found) > 1:
            raise QueryError(f"AMBIGUOUS_NAME: column {name} is ambiguous: write the table before it")
        return found[0]

    def has(self, name: str, table: str = "") -> bool:
        """Whether there is such a column."""
        return bool(self._found(name, table))

    def _found(self, name: str, table: str) -> list[Value]:
        for scope in self._scopes():
            if not table and (known := scope.variables.get(name) or scope.merged.get(name)):
                return [known]
            found = [
                Value(f"{quoted(relation)}.{quoted(column)}", kind)
                for relation, columns in scope.relations
                if table in ("", relation)
                for column, kind in columns
                if column == name
            ]
            if found:
                return found
        return []

    def _scopes(self) -> Iterator["Scope"]:
        scope: Scope | None = self
        while scope:
            yield scope
            scope = scope.outer
