"""Rewrites Athena SQL for DuckDB with the same meaning."""

import re
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, NamedTuple

from sqlglot import exp
from sqlglot.dialects.athena import Athena
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

from local.cloud.sql.statements import QueryError, QueryRefused

CATALOGUE = "awsdatacatalog"
FORMAT_MARK = re.compile(r"%[-#+ 0,(]*\d*(?:\.\d+)?([a-zA-Z])")
UNKNOWN_COLUMN = re.compile(r"[Cc]olumn:? ['\"]*(\w+)")

# Athena divides decimals exactly; DuckDB would divide them as doubles. A 128-bit integer cannot hold the dividend and
# 18 more digits, so the fraction of the quotient is computed six digits at a time; its last digit is rounded half up.
MACROS = """
CREATE MACRO unscaled(x) AS abs(CAST(replace(CAST(x AS VARCHAR), '.', '') AS HUGEINT));
CREATE MACRO long_division(a, b) AS
    a // b * 1000000000000000000::HUGEINT
    + a % b * 1000000 // b * 1000000000000::HUGEINT
    + a % b * 1000000 % b * 1000000 // b * 1000000
    + (a % b * 1000000 % b * 1000000 % b * 1000000 + b // 2) // b;
CREATE MACRO reduced_division(a, b) AS long_division(a // gcd(a, b), b // gcd(a, b));
CREATE MACRO decimal_division(a, b) AS
    CAST(sign(a) * sign(b) * reduced_division(unscaled(a), unscaled(b)) AS DECIMAL(38, 0))
    * 0.000000000000000001::DECIMAL(18, 18);
CREATE MACRO from_big_endian_64(bytes) AS
    (CAST('0x' || hex(bytes) AS HUGEINT) + 9223372036854775808::HUGEINT) % 18446744073709551616::HUGEINT
    - 9223372036854775808::HUGEINT;
CREATE MACRO division
    (a HUGEINT, b HUGEINT) AS a // b,
    (a DOUBLE, b DOUBLE) AS a / b,
    (a DECIMAL(38, 18), b DECIMAL(38, 18)) AS decimal_division(a, b);
"""


class Reference(NamedTuple):
    """A table that a query references; `wanted` maps columns to the only strings that the query selects."""

    database: str
    table: str
    wanted: dict[str, set[str]]


class Relation(NamedTuple):
    """The DuckDB view of a table: its name and the DuckDB types of its columns."""

    name: str
    columns: dict[str, str]


def duckdb_sql(statement: exp.Expr, database: str, bind: Callable[[Reference], Relation]) -> str:
    """The statement in DuckDB's dialect, with each catalogue table replaced by the relation that `bind` returns.

    Unnamed result columns are named `_col_<number>`. Raises `QueryError` if the query is invalid, `QueryRefused` if it
    reads anything but catalogue tables.
    """
    schema: dict[str, Any] = {}
    for table in list(statement.find_all(exp.Table)):
        if relation := _bind_table(table, database, bind):
            schema[relation.name] = relation.columns
    for lateral in statement.find_all(exp.Lateral):
        if not isinstance(lateral.this, exp.Subquery):
            raise QueryRefused(f"{lateral.this.sql(Athena)} is not a catalogue table")
    for column in statement.find_all(exp.Column):
        column.set("db", None)
        column.set("catalog", None)
    _name_columns(statement)
    for literal in list(statement.find_all(exp.Literal)):
        if not literal.is_string and re.fullmatch(r"\d*\.\d*", literal.name):
            literal.replace(exp.cast(literal.copy(), _decimal_type(literal)))
    try:
        statement = qualify(statement, dialect=Athena, schema=schema, quote_identifiers=False)
        statement = annotate_types(statement, schema=schema, dialect=Athena)
        while average := next((node for node in statement.find_all(exp.Avg) if _takes_decimals(node)), None):
            _rewrite_average(average)
            statement = annotate_types(statement, schema=schema, dialect=Athena)
    except SqlglotError as error:
        raise QueryError(_message(error, schema)) from error
    for node in reversed(list(statement.walk(bfs=False))):  # innermost first, because a rewrite copies its operands
        if rewrite := REWRITES.get(type(node)):
            rewrite(node)
    return statement.sql(DuckDB)


def _bind_table(table: exp.Table, database: str, bind: Callable[[Reference], Relation]) -> Relation | None:
    if not isinstance(table.this, exp.Identifier):
        raise QueryRefused(f"{table.this.sql(Athena)} is not a catalogue table")
    if table.catalog and table.catalog.lower() != CATALOGUE:
        raise QueryError(f"catalogue {table.catalog} does not exist: the only one is {CATALOGUE}")
    if not table.db and _is_common_table(table):
        return None
    relation = bind(Reference((table.db or database).lower(), table.name.lower(), _wanted(table)))
    if not table.alias:
        table.set("alias", exp.TableAlias(this=table.this))
    table.set("this", exp.to_identifier(relation.name, quoted=True))
    table.set("db", None)
    table.set("catalog", None)
    return relation


def _is_common_table(table: exp.Table) -> bool:
    """Whether an enclosing WITH defines the name; within a WITH, only earlier definitions are in scope."""
    inner: exp.Expr = table
    while outer := inner.parent:
        defined: list[exp.Expr] = []
        if isinstance(outer, exp.With):
            defined = outer.expressions if outer.recursive else outer.expressions[: inner.index]
        elif (clause := outer.args.get("with_")) and clause is not inner:
            defined = clause.expressions
        if table.name.lower() in {definition.alias.lower() for definition in defined}:
            return True
        inner = outer
    return False


def _wanted(table: exp.Table) -> dict[str, set[str]]:
    """The strings to which the query's WHERE restricts columns of the table by `=` or `IN`."""
    select = table.parent_select
    where = select.args.get("where") if select else None
    if where is None:
        return {}
    wanted: dict[str, set[str]] = {}
    for condition in where.this.flatten() if isinstance(where.this, exp.And) else [where.this]:
        if isinstance(condition, exp.EQ):
            column, literals = condition.this, [condition.expression]
        elif isinstance(condition, exp.In):
            column, literals = condition.this, condition.expressions
        else:
            continue
        ours = isinstance(column, exp.Column) and column.table.lower() in ("", table.alias_or_name.lower())
        if ours and literals and all(literal.is_string for literal in literals):
            values = {literal.name for literal in literals}
            wanted[column.name.lower()] = wanted.get(column.name.lower(), values) & values
    return wanted


def _name_columns(statement: exp.Expr) -> None:
    while isinstance(statement, exp.SetOperation | exp.Subquery):
        statement = statement.this
    for number, column in enumerate(statement.selects if isinstance(statement, exp.Select) else []):
        if not isinstance(column, exp.Alias | exp.Column | exp.Star):
            column.replace(exp.alias_(column.copy(), f"_col_{number}"))


def _message(error: SqlglotError, schema: dict[str, Any]) -> str:
    text = str(error).splitlines()[0]
    if not (unknown := UNKNOWN_COLUMN.search(text)):
        return f"SYNTAX_ERROR: {text}"
    known = {column for columns in schema.values() for column in columns}
    near = ", ".join(get_close_matches(unknown[1], known)) or ", ".join(sorted(known))
    return f"COLUMN_NOT_FOUND: column {unknown[1]} does not exist; similar: {near or 'none'}"


def _cast(node: exp.Expr, kind: str) -> exp.Cast:
    """A cast; `exp.cast` would omit it between decimals of different sizes."""
    return exp.Cast(this=node, to=exp.DataType.build(kind))


def _is(node: exp.Expr, *kinds: exp.DType) -> bool:
    return node.type is not None and node.type.this in kinds


def _takes_decimals(average: exp.Avg) -> bool:
    """Raises `QueryError` if the type is unknown, because the average could become a double."""
    values = average.this.expressions[0] if isinstance(average.this, exp.Distinct) else average.this
    if _is(values, exp.DType.UNKNOWN):
        raise QueryError(f"the type of {values.sql(Athena)} cannot be inferred: CAST it before taking its average")
    return _is(values, exp.DType.DECIMAL)


def _rewrite_average(average: exp.Avg) -> None:
    """avg(x) becomes sum(x) / count(x), each with the FILTER and OVER clauses of avg(x)."""
    outermost: exp.Expr = average
    while isinstance(outermost.parent, exp.Filter | exp.Window) and outermost.parent.this is outermost:
        outermost = outermost.parent

    def replaced(kind: type[exp.AggFunc], node: exp.Expr) -> exp.Expr:
        if node is average:
            return kind(this=average.this.copy())
        clause = node.copy()
        clause.set("this", replaced(kind, node.this))
        return clause

    outermost.replace(exp.paren(exp.Div(this=replaced(exp.Sum, outermost), expression=replaced(exp.Count, outermost))))


def _rewrite_division(division: exp.Div) -> None:
    sides = (division.this, division.expression)
    if any(_is(side, *exp.DataType.FLOAT_TYPES) for side in sides):
        return
    if all(_is(side, *exp.DataType.INTEGER_TYPES) for side in sides):
        division.replace(exp.paren(exp.IntDiv(this=division.this, expression=division.expression)))
    elif any(_is(side, exp.DType.DECIMAL) for side in sides):
        division.replace(exp.func("decimal_division", *(_cast(side, "DECIMAL(38, 18)") for side in sides)))
    elif division.find(exp.AggFunc, exp.Window):  # DuckDB cannot resolve the overload of `division` here
        raise QueryError(f"the type of {division.sql(Athena)} cannot be inferred: CAST both sides")
    else:
        division.replace(exp.func("division", *sides))


def _rewrite_format(template: exp.Format) -> None:
    """Java's `%s` accepts any value, DuckDB's only strings."""
    marks = FORMAT_MARK.findall(template.this.name)
    values = [
        _cast(value, "VARCHAR") if mark == "s" else value
        for mark, value in zip(marks, template.expressions, strict=False)
    ]
    template.replace(exp.func("printf", template.this, *values))


def _rewrite_cast(cast: exp.Cast) -> None:
    """Athena's DECIMAL without arguments has scale 0; the literal `DECIMAL '0.25'` has the scale as written."""
    if cast.to.this == exp.DType.DECIMAL and not cast.to.expressions:
        literal = isinstance(cast.this, exp.Literal) and cast.this.is_string
        cast.set("to", _decimal_type(cast.this) if literal else exp.DataType.build("DECIMAL(38, 0)"))


def _decimal_type(literal: exp.Literal) -> exp.DataType:
    digits, scale = sum(map(str.isdigit, literal.name)), len(literal.name.partition(".")[2])
    return exp.DataType.build(f"DECIMAL({digits}, {scale})")


def _rewrite_date_arithmetic(node: exp.Expr) -> None:
    """A date stays a date; DuckDB would return a timestamp."""
    shifts = not isinstance(node, exp.Add | exp.Sub) or isinstance(node.expression, exp.Interval)
    if shifts and _is(node.this, exp.DType.DATE):
        node.replace(_cast(node.copy(), "DATE"))


REWRITES: dict[type[exp.Expr], Callable[[Any], None]] = {
    exp.Div: _rewrite_division,
    exp.Format: _rewrite_format,
    exp.Cast: _rewrite_cast,
    exp.TryCast: _rewrite_cast,
    exp.Add: _rewrite_date_arithmetic,
    exp.Sub: _rewrite_date_arithmetic,
    exp.DateAdd: _rewrite_date_arithmetic,
    exp.DateTrunc: _rewrite_date_arithmetic,
    exp.TimestampTrunc: _rewrite_date_arithmetic,
}
