"""Athena's expressions as DuckDB's: one small rule for each kind of node, listed in `RULES`."""

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from local.cloud.sql import calls
from local.cloud.sql.casts import MICROSECONDS, cast, coerced, tried
from local.cloud.sql.equality import NESTED, NOT_A_NUMBER, ONE_BY_ONE, equal
from local.cloud.sql.errors import QueryError
from local.cloud.sql.functions import remainder
from local.cloud.sql.scope import Scope, Value
from local.cloud.sql.statements import athena_sql
from local.cloud.sql.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INSTANT,
    INTEGER,
    INTEGERS,
    TIMESTAMP,
    UNKNOWN,
    VARBINARY,
    Type,
    array,
    common,
    decimal,
)

# The parts of nodes that the rules know; a node with another, such as NOT in a spelling of its own, is refused.
PARTS = frozenset(
    [
        "alias",
        "catalog",
        "db",
        "default",
        "expression",
        "expressions",
        "false",
        "first",
        "high",
        "ifs",
        "is_literal",
        "is_string",
        "length",
        "low",
        "negate",
        "on_overflow",
        "order",
        "over",
        "partition_by",
        "position",
        "query",
        "quoted",
        "safe",
        "separator",
        "spec",
        "start",
        "substr",
        "table",
        "this",
        "to",
        "true",
        "typed",
        "unit",
        "value_constructor",
        "zone",
    ]
)
INTERVALS = dict.fromkeys(("year", "month"), "interval year to month") | dict.fromkeys(
    ("day", "hour", "minute", "second"), "interval day to second"
)
LARGEST_INTEGER, LARGEST_BIGINT = 2**31 - 1, 2**63 - 1


def translate(node: exp.Expr, scope: Scope) -> Value:
    """The DuckDB expression of an Athena expression. Raises `QueryError` if it is wrong or not on the laptop."""
    rule = RULES.get(type(node))
    if rule is not None and (type(node) in SYNTAX or all(name in PARTS for name, part in node.args.items() if part)):
        return rule(node, scope)
    raise QueryError(f"not on the laptop: {athena_sql(node)}")


def condition(node: exp.Expr, scope: Scope) -> str:
    """A boolean expression. Raises `QueryError` if it is of another type."""
    value = translate(node, scope)
    if value.type not in (BOOLEAN, UNKNOWN):
        raise QueryError(f"TYPE_MISMATCH: {athena_sql(node)} must be a boolean, but is {value.type}")
    return value.sql


def unified(nodes: list[exp.Expr], scope: Scope, what: str) -> tuple[list[Value], Type]:
    """Expressions coerced to their common type. Raises `QueryError` if they have none."""
    values = [translate(node, scope) for node in nodes]
    kind = common(*(value.type for value in values))
    if kind is None:
        raise QueryError(f"TYPE_MISMATCH: {what} must be of the same type: {', '.join(str(v.type) for v in values)}")
    return [coerced(value, kind) for value in values], kind


def _text_literal(text: str) -> Value:
    escaped = text.replace("'", "''")
    return Value(f"'{escaped}'", Type("varchar", (len(text),)))


def _literal(node: exp.Literal, _: Scope) -> Value:
    text = node.name
    if node.is_string:
        return _text_literal(text)
    if "e" in text.lower():
        return Value(f"CAST({text} AS DOUBLE)", DOUBLE)
    if "." in text:
        kind = calls.literal_decimal(text)
        return Value(f"CAST('{text}' AS {kind.duckdb})", kind)
    if not text.isdigit() or int(text) > LARGEST_BIGINT:
        raise QueryError(f"SYNTAX_ERROR: Invalid numeric literal: {text}")
    return Value(text, INTEGER if int(text) <= LARGEST_INTEGER else BIGINT)


def _unicode(node: exp.UnicodeString, _: Scope) -> Value:
    return _text_literal(calls.UNICODE.sub(lambda found: chr(int(found[1] or found[2], 16)), node.name))


def _column(node: exp.Column, scope: Scope) -> Value:
    """A column, or a field of a column: `table.column.field`."""
    parts = [part.name.lower() for part in node.parts]
    for first, table in ((1, 0), (2, 1), (0, None)):
        if first < len(parts) and scope.has(parts[first], parts[table] if table is not None else ""):
            value = scope.column(parts[first], parts[table] if table is not None else "")
            for name in parts[first + 1 :]:
                value = _field(value, name)
            return value
    return scope.column(parts[-1], parts[-2] if len(parts) > 1 else "")


def _field(row: Value, name: str) -> Value:
    for field, kind in row.type.args if row.type.name == "row" else ():
        if field == name:
            return Value(f"struct_extract({row.sql}, '{name}')", kind)
    raise QueryError(f"COLUMN_NOT_FOUND: {row.type} has no field {name}")


def _dot(node: exp.Dot, scope: Scope) -> Value:
    return _field(translate(node.this, scope), node.expression.name.lower())


def _identifier(node: exp.Identifier, scope: Scope) -> Value:
    return scope.column(node.name.lower())


def _subscript(node: exp.Bracket, scope: Scope) -> Value:
    value, (index,) = translate(node.this, scope), node.expressions
    if value.type.name == "row":
        return Value(f"struct_extract({value.sql}, {index.name})", value.type.args[int(index.name) - 1][1])
    key = translate(index, scope)
    if value.type.name == "array" and key.type.name in INTEGERS:
        return Value(f"subscript({value.sql}, {key.sql})", value.type.args[0])
    if value.type.name == "map" and common(value.type.args[0], key.type):
        return Value(f"value_of({value.sql}, {coerced(key, value.type.args[0]).sql})", value.type.args[1])
    raise QueryError(f"TYPE_MISMATCH: Cannot use {key.type} for subscript of {value.type}")


def _array(node: exp.Array, scope: Scope) -> Value:
    values, kind = unified(node.expressions, scope, "All ARRAY elements")
    return Value(f"[{', '.join(value.sql for value in values)}]", array(kind))


def _tuple(node: exp.Tuple, scope: Scope) -> Value:
    return calls.row(node.expressions, scope)


def _paren(node: exp.Paren, scope: Scope) -> Value:
    value = translate(node.this, scope)
    return Value(f"({value.sql})", value.type)


def _negative(node: exp.Neg, scope: Scope) -> Value:
    value = translate(node.this, scope)
    if not value.type.is_numeric:
        raise QueryError(f"TYPE_MISMATCH: Cannot negate {value.type}")
    overflows = value.type.name in INTEGERS and not value.sql.isdigit()
    return Value(f"CAST(-{value.sql} AS {value.type.duckdb})" if overflows else f"(-{value.sql})", value.type)


def _arithmetic(node: exp.Binary, scope: Scope) -> Value:
    """Numbers have the types of https://trino.io/docs/current/functions/decimal.html."""
    left, right = translate(node.this, scope), translate(node.expression, scope)
    operator = OPERATORS[type(node)]
    kind = common(left.type, right.type)
    if kind is None or not (kind.is_numeric or kind == UNKNOWN):
        return _temporal(left, operator, right)
    if kind.name == "decimal":
        return _decimal_arithmetic(left, operator, right)
    operator = "//" if operator == "/" and kind.name in INTEGERS else operator
    return Value(f"({_as(left, kind)} {operator} {_as(right, kind)})", kind)


def _as(value: Value, kind: Type) -> str:
    """Also a literal has the type, where DuckDB would give it that of the other operand."""
    return f"CAST({value.sql} AS {kind.duckdb})" if value.sql.isdigit() else coerced(value, kind).sql


def _decimal_arithmetic(left: Value, operator: str, right: Value) -> Value:
    left, right = (_decimal(value) for value in (left, right))
    (p, s), (q, t) = left.type.args, right.type.args
    if operator == "/":
        kind = decimal(p + t + max(t - s, 0), max(s, t))
        return calls.quotient(left.sql, right.sql, kind)
    if operator == "*":
        if s + t > 38:  # noqa: PLR2004 - the digits of a decimal
            raise QueryError(f"INVALID_FUNCTION_ARGUMENT: the scale of {left.type} * {right.type} is over 38")
        kind = decimal(p + q, s + t)
        left = Value(f"CAST({left.sql} AS DECIMAL(38, {s}))", left.type)  # DuckDB's product of two short ones overflows
    else:
        kind = (
            remainder(left.type, right.type)
            if operator == "%"
            else decimal(max(p - s, q - t) + max(s, t) + 1, max(s, t))
        )
    return Value(f"CAST({left.sql} {operator} {right.sql} AS {kind.duckdb})", kind)


def _decimal(value: Value) -> Value:
    if value.type == UNKNOWN:
        return coerced(value, decimal(1, 0))
    return Value(_as(value, value.type.as_decimal()), value.type.as_decimal())


def _temporal(left: Value, operator: str, right: Value) -> Value:
    if operator == "+" and left.type.name.startswith("interval"):
        left, right = right, left
    if left.type.name.startswith("interval") and right.type.name.startswith("interval"):
        raise QueryError("not on the laptop: arithmetic of two intervals; add each to the date")
    if operator in "+-" and left.type.name.startswith(("date", "timestamp")) and right.type.name.startswith("interval"):
        kind, sql = left.type, f"{left.sql} {operator} {right.sql}"
        if right.type.name == "interval day to second":
            if kind == DATE:
                return Value(f"whole_days({sql})", DATE)
            kind = Type(kind.name, (max(3, *kind.args),))
        return Value(f"CAST({sql} AS {kind.duckdb})", kind)
    if operator == "*" and {left.type.name in INTEGERS, right.type.name in INTEGERS} == {True, False}:
        interval = right.type if left.type.name in INTEGERS else left.type
        if interval.name.startswith("interval"):
            return Value(f"({left.sql} * {right.sql})", interval)
    if operator == "-" and {left.type.name, right.type.name} <= {"date", "timestamp"}:
        raise QueryError("not on the laptop: the interval between two dates; date_diff('day', a, b)")
    raise QueryError(f"TYPE_MISMATCH: Cannot apply operator: {left.type} {operator} {right.type}")


def _comparison(node: exp.Binary, scope: Scope) -> Value:
    operator = OPERATORS[type(node)]
    if quantifier := _quantifier(node.expression):
        left = translate(node.this, scope)
        member = _member(quantifier[1], left, operator, scope)
        return Value(f"({left.sql} {operator} {quantifier[0]} {member})", BOOLEAN)
    (left, right), kind = _compared([node.this, node.expression], operator, scope)
    if kind.name in NESTED and operator in ("=", "<>"):
        same = equal(left.sql, right.sql, kind)
        return Value(same if operator == "=" else f"(NOT {same})", BOOLEAN)
    sql = f"({left.sql} {operator} {right.sql})"
    if kind == DOUBLE and operator in NOT_A_NUMBER:
        sql = NOT_A_NUMBER[operator].format(sql=sql, a=left.sql, b=right.sql)
    return Value(sql, BOOLEAN)


def _compared(nodes: list[exp.Expr], operator: str, scope: Scope) -> tuple[list[Value], Type]:
    values = [translate(node, scope) for node in nodes]
    kind = common(*(value.type for value in values))
    if kind is None:
        raise QueryError(f"TYPE_MISMATCH: Cannot apply operator: {f' {operator} '.join(str(v.type) for v in values)}")
    return [coerced(value, kind) for value in values], kind


def _quantifier(node: exp.Expr) -> tuple[str, exp.Expr] | None:
    """`ANY (query)` or `ALL (query)`, for which sqlglot takes ALL (VALUES ...) for a function."""
    if isinstance(node, exp.Any | exp.All):
        return type(node).__name__.upper(), node.this
    if isinstance(node, exp.Anonymous) and node.name.upper() == "ALL":
        return "ALL", node.expressions[0]
    return None


def _member(node: exp.Expr, value: Value, operator: str, scope: Scope) -> str:
    """A subquery of one column that is compared with a value."""
    if value.type.name in NESTED:
        raise QueryError(f"not on the laptop: {value.type} {operator} a subquery; EXISTS (SELECT ... WHERE x = y)")
    query = scope.query(node.unnest(), scope)
    if len(query.columns) != 1:
        raise QueryError(f"TYPE_MISMATCH: {athena_sql(node)} must have one column")
    if common(value.type, query.columns[0][1]) is None:
        raise QueryError(f"TYPE_MISMATCH: Cannot apply operator: {value.type} {operator} {query.columns[0][1]}")
    return f"({query.sql})"


def _in(node: exp.In, scope: Scope) -> Value:
    if query := node.args.get("query"):
        value = translate(node.this, scope)
        sql = f"{value.sql} IN {_member(query, value, 'IN', scope)}"
        return Value(f"({sql} AND NOT isnan({value.sql}))" if value.type == DOUBLE else f"({sql})", BOOLEAN)
    (value, *members), kind = _compared([node.this, *node.expressions], "IN", scope)
    if kind.name in ONE_BY_ONE:
        return Value(f"({' OR '.join(equal(value.sql, member.sql, kind) for member in members)})", BOOLEAN)
    return Value(f"({value.sql} IN ({', '.join(member.sql for member in members)}))", BOOLEAN)


def _between(node: exp.Between, scope: Scope) -> Value:
    (value, low, high), _ = _compared([node.this, node.args["low"], node.args["high"]], "BETWEEN", scope)
    return Value(f"({value.sql} BETWEEN {low.sql} AND {high.sql})", BOOLEAN)


def _like(node: exp.Like, scope: Scope, escape: str = "") -> Value:
    text, pattern = translate(node.this, scope), translate(node.expression, scope)
    for value in (text, pattern):
        if value.type.name not in ("varchar", "unknown"):
            raise QueryError(f"TYPE_MISMATCH: LIKE compares varchar, but got {value.type}")
    right = f"escaping({pattern.sql}, {escape}) ESCAPE {escape}" if escape else pattern.sql
    return Value(f"({text.sql} {'NOT ' if node.args.get('negate') else ''}LIKE {right})", BOOLEAN)


def _escape(node: exp.Escape, scope: Scope) -> Value:
    return _like(node.this, scope, translate(node.expression, scope).sql)


def _is(node: exp.Is, scope: Scope) -> Value:
    value, other = translate(node.this, scope), translate(node.expression, scope)
    if other.type != UNKNOWN:
        raise QueryError(f"SYNTAX_ERROR: {athena_sql(node)}: Athena has only IS NULL")
    return Value(f"({value.sql} IS NULL)", BOOLEAN)


def _logical(node: exp.Connector, scope: Scope) -> Value:
    word = " AND " if isinstance(node, exp.And) else " OR "
    return Value(f"({word.join(condition(part, scope) for part in node.flatten(unnest=False))})", BOOLEAN)


def _not(node: exp.Not, scope: Scope) -> Value:
    return Value(f"(NOT {condition(node.this, scope)})", BOOLEAN)


def _concatenation(node: exp.DPipe, scope: Scope) -> Value:
    left, right = translate(node.this, scope), translate(node.expression, scope)
    if {left.type.name, right.type.name} == {"array", "unknown"}:
        raise QueryError("not on the laptop: || of an array and NULL; CAST the NULL")
    for one, other in ((left, right), (right, left)):
        if one.type.name == "array" and other.type.name != "array":
            element = f"[{coerced(other, one.type.args[0]).sql}]"
            pair = (one.sql, element) if one is left else (element, one.sql)
            return Value(f"({' || '.join(pair)})", one.type)
    return calls.call("concat", [node.this, node.expression], scope)


def _if(node: exp.If, scope: Scope) -> Value:
    branches = [node.args["true"], *([node.args["false"]] if node.args.get("false") else [])]
    values, kind = unified(branches, scope, "Result types of IF")
    other = values[1].sql if len(values) > 1 else "NULL"
    return Value(f"CASE WHEN {condition(node.this, scope)} THEN {values[0].sql} ELSE {other} END", kind)


def _case(node: exp.Case, scope: Scope) -> Value:
    cases, default = node.args["ifs"], node.args.get("default")
    results = [case.args["true"] for case in cases] + ([default] if default else [])
    values, kind = unified(results, scope, "All CASE results")
    if node.this:
        (this, *tests), compared = _compared([node.this, *(case.this for case in cases)], "=", scope)
        head, conditions = f"CASE {this.sql}", [test.sql for test in tests]
        if compared.name in ONE_BY_ONE:
            head, conditions = "CASE", [equal(this.sql, test.sql, compared) for test in tests]
    else:
        head, conditions = "CASE", [condition(case.this, scope) for case in cases]
    pairs = zip(conditions, values, strict=False)
    whens = " ".join(f"WHEN {when} THEN {value.sql}" for when, value in pairs)
    return Value(f"{head} {whens} ELSE {values[-1].sql if default else 'NULL'} END", kind)


def _cast(node: exp.Cast, scope: Scope) -> Value:
    kind, literal = calls.cast_type(node), isinstance(node.this, exp.Literal) and not node.meta.get("is_cast")
    if kind.name.startswith("timestamp") and kind.args[0] > MICROSECONDS:
        raise QueryError(f"not on the laptop: {kind}; timestamps keep at most microseconds")
    value = translate(node.this, scope)
    if kind.name == "timestamp with time zone" and value.type.name == "varchar":
        return _instant(node.this.name if literal else "", kind)
    if literal and kind.name == "decimal":
        kind = calls.literal_decimal(node.this.name)  # DECIMAL '0.25'
    return tried(value, kind) if isinstance(node, exp.TryCast) else cast(value, kind)


def _instant(text: str, kind: Type) -> Value:
    """`TIMESTAMP '2024-01-31 10:00:00 UTC'`."""
    if not text.endswith(" UTC"):
        raise QueryError("not on the laptop: texts with a time zone other than TIMESTAMP '... UTC'; times are UTC")
    return cast(cast(_text_literal(text.removesuffix(" UTC")), Type("timestamp", kind.args)), kind)


def _interval(node: exp.Interval, _: Scope) -> Value:
    unit = node.unit.name.lower() if isinstance(node.unit, exp.Var) else ""
    if unit not in INTERVALS or not node.this.name.lstrip("+-").isdigit():
        raise QueryError(
            f"not on the laptop: {athena_sql(node)}; INTERVAL '1' with year, month, day, hour, minute, second"
        )
    return Value(f"INTERVAL ({node.this.name}) {unit.upper()}", Type(INTERVALS[unit]))


def _extract(node: exp.Extract, scope: Scope) -> Value:
    return calls.call(node.name.lower(), [node.expression], scope)


def _trim(node: exp.Trim, scope: Scope) -> Value:
    text = translate(node.this, scope)
    name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(node.args.get("position") or "", "trim")
    characters = translate(node.expression, scope).sql if node.expression else "blanks()"
    return Value(f"{name}({text.sql}, {characters})", text.type)


def _position(node: exp.StrPosition, scope: Scope) -> Value:
    return calls.call("strpos", [node.this, node.args["substr"]], scope)


def _substring(node: exp.Substring, scope: Scope) -> Value:
    return calls.call("substr", [node.this, *(node.args[n] for n in ("start", "length") if node.args.get(n))], scope)


def _subquery(node: exp.Subquery, scope: Scope) -> Value:
    query = scope.query(node, scope)
    if len(query.columns) != 1:
        raise QueryError(f"not on the laptop: a subquery of {len(query.columns)} columns as a value")
    return Value(f"({query.sql})", query.columns[0][1])


def _exists(node: exp.Exists, scope: Scope) -> Value:
    return Value(f"EXISTS ({scope.query(node.this, scope).sql})", BOOLEAN)


def _zone(node: exp.AtTimeZone, scope: Scope) -> Value:
    value, zone = translate(node.this, scope), node.args["zone"]
    if not isinstance(zone, exp.Literal) or zone.name.upper() != "UTC":
        raise QueryError(f"not on the laptop: {athena_sql(node)}; times on the laptop are UTC: add INTERVAL '8' HOUR")
    return cast(value, INSTANT)


def _call(node: exp.Anonymous, scope: Scope) -> Value:
    return calls.call(node.name.lower(), node.expressions, scope)


def _refused(name: str) -> Callable[[exp.Expr, Scope], Value]:
    """A function with a syntax of its own."""
    return lambda _, scope: calls.call(name, [], scope)


SYNTAX: dict[type[exp.Expr], str] = {
    exp.CurrentTime: "current_time",
    exp.Localtime: "localtime",
    exp.JSONExtract: "json_query",
    exp.JSONObject: "json_object",
    exp.JSONTable: "json_table",
    exp.JSONValue: "json_value",
    exp.Overlay: "overlay",
}
OPERATORS: dict[type[exp.Expr], str] = {
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
    exp.Mod: "%",
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.NullSafeEQ: "IS NOT DISTINCT FROM",
    exp.NullSafeNEQ: "IS DISTINCT FROM",
}
RULES: dict[type[exp.Expr], Callable[[Any, Scope], Value]] = {
    exp.Literal: _literal,
    exp.Null: lambda *_: Value("NULL", UNKNOWN),
    exp.Boolean: lambda node, _: Value(str(node.this).upper(), BOOLEAN),
    exp.HexString: lambda node, _: Value(f"unhex('{node.name}')", VARBINARY),
    exp.UnicodeString: _unicode,
    exp.ParseJSON: lambda node, scope: calls.call("json_parse", [node.this], scope),
    exp.Column: _column,
    exp.Identifier: _identifier,
    exp.Dot: _dot,
    exp.Bracket: _subscript,
    exp.Array: _array,
    exp.Tuple: _tuple,
    exp.Paren: _paren,
    exp.Neg: _negative,
    **dict.fromkeys((exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod), _arithmetic),
    **dict.fromkeys((exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ), _comparison),
    exp.In: _in,
    exp.Between: _between,
    exp.Like: _like,
    exp.Escape: _escape,
    exp.Is: _is,
    exp.And: _logical,
    exp.Or: _logical,
    exp.Not: _not,
    exp.DPipe: _concatenation,
    exp.If: _if,
    exp.Case: _case,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Interval: _interval,
    exp.Extract: _extract,
    exp.Trim: _trim,
    exp.StrPosition: _position,
    exp.Substring: _substring,
    exp.Subquery: _subquery,
    exp.Exists: _exists,
    exp.AtTimeZone: _zone,
    exp.CurrentDate: lambda *_: Value("current_date", DATE),
    exp.CurrentTimestamp: lambda *_: Value("date_trunc('millisecond', now())", INSTANT),
    exp.Localtimestamp: lambda *_: Value("CAST(date_trunc('millisecond', now()) AS TIMESTAMP)", TIMESTAMP),
    exp.Anonymous: _call,
    **{kind: _refused(name) for kind, name in SYNTAX.items()},
    exp.GroupConcat: calls.aggregate,
    exp.Window: calls.aggregate,
    exp.Filter: calls.aggregate,
    exp.IgnoreNulls: calls.aggregate,
    exp.RespectNulls: calls.aggregate,
}
