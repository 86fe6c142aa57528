"""Athena's SQL types: their spelling, their common supertypes, and DuckDB's types for them."""

import re
from functools import cache
from itertools import zip_longest
from typing import Any, NamedTuple, Self

ALIASES = {"string": "varchar", "int": "integer", "float": "real", "blob": "varbinary", "numeric": "decimal"}
RANKS = {
    name: rank for rank, name in enumerate(("tinyint", "smallint", "integer", "bigint", "decimal", "real", "double"))
}
DIGITS = {"tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19}
INTEGERS = frozenset(DIGITS)
TEMPORAL = ("date", "timestamp", "timestamp with time zone")
DUCKDB = {
    "real": "FLOAT",
    "varbinary": "BLOB",
    "timestamp with time zone": "TIMESTAMPTZ",
    "interval day to second": "INTERVAL",
    "interval year to month": "INTERVAL",
    "unknown": "INTEGER",
}
TOKEN = re.compile(r'\s*("(?:[^"]|"")*"|[\w ]*\w|[(),])')
PRECISE = re.compile(r"(timestamp|time)\s*\((\d+)\)\s*(with time zone)?", re.IGNORECASE)


class Type(NamedTuple):
    """A type and its arguments: numbers, types, and for a row pairs of a field's name, or None, and its type."""

    name: str
    args: tuple[Any, ...] = ()

    def __str__(self) -> str:
        if self.name == "row":
            return f"row({', '.join(f'{name} {kind}' if name else str(kind) for name, kind in self.args)})"
        if self.name == "timestamp with time zone":
            return f"timestamp({self.args[0]}) with time zone"
        separator = "," if self.name == "decimal" else ", "
        return f"{self.name}({separator.join(map(str, self.args))})" if self.args else self.name

    @property
    def duckdb(self) -> str:
        """DuckDB's type of the same values."""
        if self.name == "array":
            return f"{self.args[0].duckdb}[]"
        if self.name == "map":
            return f"MAP({self.args[0].duckdb}, {self.args[1].duckdb})"
        if self.name == "row" and all(name for name, _ in self.args):
            return f"STRUCT({', '.join(f'{quoted(name)} {kind.duckdb}' for name, kind in self.args)})"
        if self.name == "row":
            return f"TUPLE({', '.join(kind.duckdb for _, kind in self.args)})"
        return str(self).upper() if self.name == "decimal" else DUCKDB.get(self.name, self.name.upper())

    @property
    def is_numeric(self) -> bool:
        return self.name in RANKS

    @property
    def keys(self) -> list[tuple[str, Self]]:
        """The fields of a row: how `struct_extract` finds each, and its type."""
        named = all(name for name, _ in self.args)
        return [(f"'{name}'" if named else str(n), kind) for n, (name, kind) in enumerate(self.args, 1)]

    def as_decimal(self) -> Self:
        """The decimal type of an integer; a decimal as it is."""
        return self if self.name == "decimal" else type(self)("decimal", (DIGITS[self.name], 0))


BOOLEAN, INTEGER, BIGINT, DOUBLE = Type("boolean"), Type("integer"), Type("bigint"), Type("double")
VARCHAR, VARBINARY, JSON, DATE, UNKNOWN = (Type(n) for n in ("varchar", "varbinary", "json", "date", "unknown"))
TIMESTAMP, INSTANT = Type("timestamp", (3,)), Type("timestamp with time zone", (3,))


def decimal(precision: int, scale: int) -> Type:
    """A decimal type of at most 38 digits."""
    return Type("decimal", (min(38, precision), scale))


def array(element: Type) -> Type:
    """The type of arrays of an element type."""
    return Type("array", (element,))


def quoted(name: str) -> str:
    """A name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


@cache
def parse_type(text: str) -> Type:
    """The type that Athena, Glue or DuckDB spells so. Raises `ValueError` if it is none."""
    tokens = TOKEN.findall(PRECISE.sub(lambda found: f"{found[1]} {found[3] or ''} ({found[2]})", text))
    kind = _parse(tokens)
    if tokens:
        raise ValueError(f"{text} is not a type")
    return kind


def _parse(tokens: list[str]) -> Type:
    name = " ".join(tokens.pop(0).lower().split())
    name, args = ALIASES.get(name, name), []
    if tokens and tokens[0] == "(":
        while tokens.pop(0) != ")":
            args.append(
                _field(tokens) if name == "row" else int(tokens.pop(0)) if tokens[0].isdigit() else _parse(tokens)
            )
    if name.startswith("timestamp"):
        args = args or [3]
    if name == "decimal":
        args = [*args, *(38, 0)[len(args) :]]
    return Type(name, tuple(args))


def _field(tokens: list[str]) -> tuple[str | None, Type]:
    """A field of a row: `x bigint` or only `bigint`."""
    if tokens[0].startswith('"'):
        return tokens.pop(0)[1:-1].replace('""', '"'), _parse(tokens)
    words = tokens[0].split(" ", 1)
    if len(words) == 1 or tokens[0].lower().startswith(("timestamp with", "interval ", "double ")):
        return None, _parse(tokens)
    tokens[0] = words[1]
    return words[0].lower(), _parse(tokens)


def common(*kinds: Type) -> Type | None:
    """The type to which values of all these types are coerced; None if there is none."""
    wider: Type | None = UNKNOWN
    for kind in kinds:
        wider = _common(wider, kind) if wider else None
    return wider


def _common(left: Type, right: Type) -> Type | None:  # noqa: PLR0911 - one rule a kind
    if right in (left, UNKNOWN):
        return left
    if left == UNKNOWN:
        return right
    if left.is_numeric and right.is_numeric:
        return _common_number(left, right)
    if left.name == right.name == "varchar":
        return Type("varchar", (max(left.args[0], right.args[0]),) if left.args and right.args else ())
    if left.name in TEMPORAL and right.name in TEMPORAL:
        wider = max(left.name, right.name, key=TEMPORAL.index)
        return Type(wider, max(left.args, right.args))
    if left.name != right.name or left.name not in ("array", "map", "row"):
        return None
    if left.name == "row":
        return _common_row(left, right)
    parts = [_common(*pair) for pair in zip(left.args, right.args, strict=True)]
    return Type(left.name, tuple(parts)) if all(parts) else None


def _common_number(left: Type, right: Type) -> Type:
    if "decimal" not in (left.name, right.name) or max(RANKS[left.name], RANKS[right.name]) > RANKS["decimal"]:
        return max(left, right, key=lambda kind: RANKS[kind.name])
    (p, s), (q, t) = left.as_decimal().args, right.as_decimal().args
    return decimal(max(p - s, q - t) + max(s, t), max(s, t))


def _common_row(left: Type, right: Type) -> Type | None:
    fields = []
    for (name, kind), (other, second) in zip_longest(left.args, right.args, fillvalue=(None, Type("none"))):
        wider = _common(kind, second)
        if wider is None:
            return None
        fields.append((name if name == other else None, wider))
    return Type("row", tuple(fields))
