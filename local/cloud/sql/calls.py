"""Calls of Athena's functions as DuckDB's: by `functions.txt`, or by a rule of its own in `RULES`."""

import re
from collections.abc import Callable, Sequence

from sqlglot import exp

from local.cloud.sql import patterns
from local.cloud.sql.casts import cast, coerced, rounded, time_text
from local.cloud.sql.equality import equal
from local.cloud.sql.errors import QueryError
from local.cloud.sql.functions import Binding, Lambda, bind, catalogue, filled
from local.cloud.sql.scope import Scope, Value
from local.cloud.sql.statements import athena_sql
from local.cloud.sql.types import (
    BIGINT,
    DATE,
    INSTANT,
    TIMESTAMP,
    VARCHAR,
    Type,
    common,
    decimal,
    parse_type,
    quoted,
)

UNICODE = re.compile(r"\\(?:\+([0-9A-Fa-f]{6})|([0-9A-Fa-f]{4}))")
UNITS = ("millisecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year")
DATE_UNITS = UNITS[4:]
MARK = re.compile("%-?(.)")
JSON_STEP = re.compile(r"""\.(\w+)|\[(\d+)\]|\[["']([^"'\]]*)["']\]""")


def call(name: str, nodes: Sequence[exp.Expr], scope: Scope) -> Value:
    """The call of a scalar function, or of an aggregate over a group."""
    known, refused = catalogue()
    if name in refused:
        raise QueryError(f"not on the laptop: the function {name}; the way round: {refused[name]}")
    if rule := RULES.get(name):
        return rule(list(nodes), scope)
    if name not in known:
        raise QueryError(f"FUNCTION_NOT_FOUND: Function '{name}' not registered")
    if known[name][0].kind == "aggregate":
        return _aggregated(name, nodes, scope)
    if known[name][0].kind == "window":
        raise QueryError(f"FUNCTION_IS_NOT_AGGREGATE: {name} needs an OVER clause")
    return _bound(name, [_argument(node, scope) for node in nodes])


def _argument(node: exp.Expr, scope: Scope) -> Value | Lambda:
    if not isinstance(node, exp.Lambda):
        return scope.translate(node, scope)
    names = [one.name.lower() for one in node.expressions]

    def body(kinds: Sequence[Type], texts: Sequence[str]) -> tuple[str, Type]:
        variables = {n: Value(text, kind) for n, text, kind in zip(names, texts, kinds, strict=True)}
        value = scope.translate(node.this, scope.inside(variables))
        return value.sql, value.type

    return Lambda([quoted(f"{name} of the query") for name in names], body)  # unlike those of functions.txt


def _bound(name: str, arguments: Sequence[Value | Lambda]) -> Value:
    binding = bind(name, [one if isinstance(one, Lambda) else one.type for one in arguments])
    _check_refused(binding)
    kinds = iter(binding.arguments)
    texts = [one if isinstance(one, Lambda) else _coerced(one, next(kinds)) for one in arguments]
    sql = filled(binding.signature.body, texts, binding)
    return Value(_typed(sql, binding.result), binding.result)


def _check_refused(binding: Binding) -> None:
    signature = binding.signature
    if signature.body.startswith("refused: "):
        way = signature.body.removeprefix("refused: ")
        call = f"{signature.name}({', '.join(map(str, signature.parameters))})"
        raise QueryError(f"not on the laptop: the function {call}; the way round: {way}")


def _coerced(value: Value, kind: Type) -> str:
    family = value.type.name == kind.name and kind.name != "decimal"
    return value.sql if family or value.type.name == "unknown" else coerced(value, kind).sql


def _typed(sql: str, kind: Type) -> str:
    """DuckDB's result as Athena's type: a sum of integers is a HUGEINT, which overflows later."""
    nested = kind.name in ("array", "map", "row", "unknown")
    return f"({sql})" if nested or kind.name in ("varchar", "boolean", "json") else f"CAST({sql} AS {kind.duckdb})"


def aggregate(node: exp.Expr, scope: Scope) -> Value:
    """The call of an aggregate or window function with FILTER, OVER, IGNORE NULLS."""
    condition, over, nulls = "", "", ""
    while not isinstance(node, exp.Anonymous):
        if isinstance(node, exp.GroupConcat):
            if over:
                raise QueryError("not on the laptop: listagg with OVER; GROUP BY and JOIN")
            return _listagg(node, scope, f"{condition}{over}")
        if isinstance(node, exp.Filter):
            condition = f" FILTER (WHERE {scope.translate(node.expression.this, scope).sql})"
        elif isinstance(node, exp.IgnoreNulls):
            nulls = " IGNORE NULLS"
        elif isinstance(node, exp.Window):
            over = f" OVER {window(node, scope)}"
        elif not isinstance(node, exp.RespectNulls):
            raise QueryError(f"not on the laptop: {athena_sql(node)}")
        node = node.this
    name = node.name.lower()
    known, refused = catalogue()
    if name in refused:
        raise QueryError(f"not on the laptop: the function {name}; the way round: {refused[name]}")
    if over and any(isinstance(one, exp.Distinct | exp.Order) for one in node.expressions):
        raise QueryError(f"NOT_SUPPORTED: DISTINCT or ORDER BY in the parameters of a window function: {name}")
    if name not in known or known[name][0].kind not in ("aggregate", "window"):
        raise QueryError(f"FUNCTION_NOT_FOUND: {name} is not an aggregate or window function")
    return _aggregated(name, node.expressions, scope, f"{condition}{over}", nulls)


def window(node: exp.Window, scope: Scope) -> str:
    """The window of OVER, or of the WINDOW clause."""
    if name := node.args.get("alias"):
        return quoted(name.name.lower())
    parts = []
    if base := node.args.get("first") if isinstance(node.args.get("first"), exp.Identifier) else None:
        parts.append(quoted(base.name.lower()))
    if partition := node.args.get("partition_by"):
        parts.append(f"PARTITION BY {', '.join(scope.translate(one, scope).sql for one in partition)}")
    if order := node.args.get("order"):
        parts.append(f"ORDER BY {', '.join(ordered(one, scope) for one in order.expressions)}")
    if spec := node.args.get("spec"):
        if spec.args.get("exclude"):
            raise QueryError("SYNTAX_ERROR: Athena has no EXCLUDE in the frame of a window")
        sides = [_side(spec.args.get(side), spec.args.get(f"{side}_side"), scope) for side in ("start", "end")]
        parts.append(f"{spec.args['kind']} BETWEEN {sides[0]} AND {sides[1] or 'CURRENT ROW'}")
    return f"({' '.join(parts)})"


def _side(value: exp.Expr | str | None, side: str | None, scope: Scope) -> str:
    text = scope.translate(value, scope).sql if isinstance(value, exp.Expr) else value
    return f"{text or ''} {side or ''}".strip()


def ordered(node: exp.Ordered, scope: Scope) -> str:
    """An item of ORDER BY: NULLs are last both ways unless the query says otherwise."""
    return f"{scope.translate(node.this, scope).sql} {direction(node)}"


def direction(node: exp.Ordered) -> str:
    """The direction of an item of ORDER BY."""
    return f"{'DESC' if node.args.get('desc') else 'ASC'} NULLS {'FIRST' if node.args.get('nulls_first') else 'LAST'}"


def is_aggregate(node: exp.Anonymous) -> bool:
    """Whether a call is of an aggregate function, without OVER."""
    known = catalogue()[0].get(node.name.lower(), [])
    return any(one.kind == "aggregate" for one in known) and not isinstance(node.parent, exp.Window)


def _aggregated(name: str, given: Sequence[exp.Expr], scope: Scope, clauses: str = "", nulls: str = "") -> Value:
    order, head, nodes = "", "", list(given)
    if nodes and isinstance(nodes[-1], exp.Order):
        order = f" ORDER BY {', '.join(ordered(one, scope) for one in nodes[-1].expressions)}"
        nodes[-1] = nodes[-1].this
    if nodes and isinstance(nodes[0], exp.Distinct):
        head, nodes = "DISTINCT ", [*nodes[0].expressions, *nodes[1:]]
    if nodes and isinstance(nodes[-1], exp.Order):  # DISTINCT x ORDER BY x
        order = f" ORDER BY {', '.join(ordered(one, scope) for one in nodes[-1].expressions)}"
        nodes[-1] = nodes[-1].this
    if name == "count" and len(nodes) == 1 and isinstance(nodes[0], exp.Star):
        nodes = []
    values = [scope.translate(node, scope) for node in nodes]
    if name == "avg" and values and values[0].type.name == "decimal":
        return _average(values[0], f"{head}{values[0].sql}", clauses)
    binding = bind(name, [value.type for value in values])
    _check_refused(binding)
    texts = [_coerced(value, kind) for value, kind in zip(values, binding.arguments, strict=True)]
    body = filled(binding.signature.body, texts, binding)
    if head or order or nulls:
        if binding.signature.after or not body.endswith(")"):
            raise QueryError(f"not on the laptop: {name} with DISTINCT or ORDER BY")
        function, _, inner = body[:-1].partition("(")
        body = f"{function}({head}{inner}{order}{nulls})"
    sql = f"{body}{clauses}"
    if binding.signature.after:
        sql = binding.signature.after.replace("@", sql)
    return Value(_typed(sql, binding.result), binding.result)


def _listagg(node: exp.GroupConcat, scope: Scope, clauses: str) -> Value:
    """`listagg(x, separator) WITHIN GROUP (ORDER BY y)`."""
    if node.args.get("on_overflow"):
        raise QueryError("not on the laptop: listagg with ON OVERFLOW")
    order, this, head = "", node.this, ""
    if isinstance(this, exp.Order):
        order, this = f" ORDER BY {', '.join(ordered(one, scope) for one in this.expressions)}", this.this
    if isinstance(this, exp.Distinct):
        head, (this,) = "DISTINCT ", this.expressions
    value = scope.translate(this, scope)
    if value.type.name != "varchar":
        raise QueryError(f"FUNCTION_NOT_FOUND: Unexpected parameters ({value.type}) for function listagg")
    separator = (
        _quoted(_text(node.args["separator"], "the separator of listagg")) if node.args.get("separator") else "''"
    )
    return Value(f"string_agg({head}{value.sql}, {separator}{order}){clauses}", VARCHAR)


def _average(value: Value, argument: str, clauses: str) -> Value:
    scale = value.type.args[1]
    total, number = f"sum({argument}){clauses}", f"count({argument}){clauses}"
    return quotient(f"CAST({total} AS DECIMAL(38, {scale}))", f"nullif({number}, 0)", value.type)


def quotient(left: str, right: str, kind: Type) -> Value:
    """Two numbers divided as decimals of the result's scale, half up."""
    scale = kind.args[1]
    steps = [f"{10 ** ((scale + n) // 3)}::HUGEINT" for n in range(3)]
    sides = (f"CAST({side} AS DECIMAL(38, {scale}))" for side in (left, right))
    unscaled = f"CAST(decimal_division({', '.join([*sides, *steps])}) AS DECIMAL(38, 0))"
    unit = f" * CAST('0.{'1':0>{scale}}' AS DECIMAL({scale}, {scale}))" if scale else ""
    return Value(f"CAST({unscaled}{unit} AS {kind.duckdb})", kind)


def literal_decimal(text: str) -> Type:
    """The type of a decimal literal: leading zeros do not count in Trino's `Decimals.parse`."""
    whole, _, fraction = text.lstrip("+-").partition(".")
    if not (whole + fraction).isdigit():
        raise QueryError(f"INVALID_LITERAL: '{text}' is not a valid DECIMAL literal")
    digits = len(whole.lstrip("0")) + len(fraction)
    if digits > 38:  # noqa: PLR2004 - the digits of a decimal
        raise QueryError(f"INVALID_LITERAL: DECIMAL literal {text} has over 38 digits")
    return decimal(max(digits, 1), len(fraction))


def cast_type(node: exp.Cast) -> Type:
    """The type of a CAST."""
    try:
        return parse_type(athena_sql(node.to))
    except (ValueError, IndexError) as error:
        raise QueryError(f"TYPE_NOT_FOUND: Unknown type: {athena_sql(node.to)}") from error


def row(nodes: Sequence[exp.Expr], scope: Scope) -> Value:
    """`ROW(a, b)` and `(a, b)`."""
    values = [scope.translate(node, scope) for node in nodes]
    return Value(f"row({', '.join(v.sql for v in values)})", Type("row", tuple((None, v.type) for v in values)))


def _text(node: exp.Expr, what: str) -> str:
    """A string literal. Raises `QueryError` for anything else."""
    if isinstance(node, exp.Literal) and node.is_string:
        return node.name
    raise QueryError(f"not on the laptop: {what} that is not a literal; write it in the query")


def _quoted(text: str) -> str:
    escaped = text.replace("'", "''")
    return f"'{escaped}'"


def _arity(name: str, nodes: Sequence[exp.Expr], *counts: int) -> None:
    if len(nodes) not in counts:
        raise QueryError(f"FUNCTION_NOT_FOUND: Unexpected number of parameters ({len(nodes)}) for function {name}")


def _typeof(nodes: list[exp.Expr], scope: Scope) -> Value:
    _arity("typeof", nodes, 1)
    value = scope.translate(nodes[0], scope)
    kind = _quoted(str(value.type))
    return Value(f"CASE WHEN ({value.sql}) IS NULL THEN {kind} ELSE {kind} END", VARCHAR)


def _nullif(nodes: list[exp.Expr], scope: Scope) -> Value:
    _arity("nullif", nodes, 2)
    first, second = (scope.translate(node, scope) for node in nodes)
    kind = common(first.type, second.type)
    if kind is None:
        raise QueryError(f"TYPE_MISMATCH: Types are not comparable with NULLIF: {first.type} vs {second.type}")
    same = equal(coerced(first, kind).sql, coerced(second, kind).sql, kind)
    return Value(f"CASE WHEN {same} THEN NULL ELSE {first.sql} END", first.type)


def _try(nodes: list[exp.Expr], scope: Scope) -> Value:
    _arity("try", nodes, 1)
    value = scope.translate(nodes[0], scope)
    return Value(f"TRY({value.sql})", value.type)


def _array_join(nodes: list[exp.Expr], scope: Scope) -> Value:
    _arity("array_join", nodes, 2, 3)
    items, separator = scope.translate(nodes[0], scope), scope.translate(nodes[1], scope)
    if items.type.name != "array":
        raise QueryError(f"FUNCTION_NOT_FOUND: Unexpected parameters ({items.type}, varchar) for function array_join")
    text = cast(Value("item", items.type.args[0]), VARCHAR).sql
    text = f"coalesce({text}, {scope.translate(nodes[2], scope).sql})" if nodes[2:] else text
    texts = items.sql if text == "item" else f"list_transform({items.sql}, lambda item: {text})"
    return Value(f"join_items({texts}, {separator.sql})", VARCHAR)


def _regexp_replace(nodes: list[exp.Expr], scope: Scope) -> Value:
    _arity("regexp_replace", nodes, 2, 3)
    if len(nodes) == 2:  # noqa: PLR2004 - without a replacement
        return _bound("regexp_replace", [scope.translate(node, scope) for node in nodes])
    if isinstance(nodes[2], exp.Lambda):
        raise QueryError("not on the laptop: regexp_replace with a lambda; regexp_extract each part and concat them")
    pattern, replacement = (_text(node, "a pattern or replacement of regexp_replace") for node in nodes[1:])
    text = scope.translate(nodes[0], scope)
    groups = patterns.replacement(pattern, replacement)
    return Value(f"regexp_replace({text.sql}, filled_pattern({_quoted(pattern)}), {_quoted(groups)}, 'g')", VARCHAR)


def _unit(node: exp.Expr, value: Value, units: Sequence[str] = UNITS) -> str:
    unit = _text(node, "a unit").lower()
    if value.type.name not in ("date", "timestamp", "timestamp with time zone"):
        raise QueryError(f"FUNCTION_NOT_FOUND: Unexpected parameters: {value.type} is not a date or timestamp")
    if unit not in units or (value.type.name == "date" and unit not in DATE_UNITS):
        raise QueryError(f"INVALID_FUNCTION_ARGUMENT: '{unit}' is not a valid {value.type.name.upper()} field")
    return unit


def _date_trunc(nodes: list[exp.Expr], scope: Scope) -> Value:
    _arity("date_trunc", nodes, 2)
    value = scope.translate(nodes[1], scope)
    return Value(f"CAST(date_trunc('{_unit(nodes[0], value)}', {value.sql}) AS {value.type.duckdb})", value.type)


def _date_add(nodes: list[exp.Expr], scope: Scope) -> Value:
    _arity("date_add", nodes, 3)
    number, value = (scope.translate(node, scope) for node in nodes[1:])
    if common(number.type, BIGINT) != BIGINT:
        raise QueryError(f"FUNCTION_NOT_FOUND: Unexpected parameters: date_add needs a bigint, not {number.type}")
    unit = _unit(nodes[0], value)
    times = {"quarter": 3, "week": 7}.get(unit, 1)
    unit = {"quarter": "month", "week": "day"}.get(unit, unit)
    shifted = f"{value.sql} + to_{unit}s(CAST({number.sql} AS INTEGER) * {times})"
    shifted = rounded(shifted, *value.type.args) if unit == "millisecond" else shifted
    return Value(f"CAST({shifted} AS {value.type.duckdb})", value.type)


def _mod(nodes: list[exp.Expr], scope: Scope) -> Value:
    _arity("mod", nodes, 2)
    return scope.translate(exp.Mod(this=nodes[0], expression=nodes[1]), scope)


def _to_iso8601(nodes: list[exp.Expr], scope: Scope) -> Value:
    _arity("to_iso8601", nodes, 1)
    value = scope.translate(nodes[0], scope)
    _unit(exp.Literal.string("day"), value)
    if value.type == DATE:
        return Value(cast(value, VARCHAR).sql, Type("varchar", (16,)))
    (digits,) = value.type.args
    zone = value.type.name == "timestamp with time zone"
    sql = time_text(value, "%Y-%m-%dT%H:%M:%S")
    return Value(f"({sql} || 'Z')" if zone else sql, Type("varchar", (22 + min(digits, 1) + digits + 6 * zone,)))


def _date_diff(nodes: list[exp.Expr], scope: Scope) -> Value:
    _arity("date_diff", nodes, 3)
    values = [scope.translate(node, scope) for node in nodes[1:]]
    kind = common(*(value.type for value in values))
    if kind is None:
        raise QueryError(
            f"FUNCTION_NOT_FOUND: Unexpected parameters for function date_diff: {values[0].type}, {values[1].type}"
        )
    first, second = (coerced(value, kind) for value in values)
    return Value(
        f"date_sub('{_unit(nodes[0], first)}', {first.sql}, {second.sql})", BIGINT
    )  # whole units, unlike date_diff


def _formatted(pattern: Callable[[str], str]) -> Callable[[list[exp.Expr], Scope], Value]:
    def rule(nodes: list[exp.Expr], scope: Scope) -> Value:
        _arity("date_format", nodes, 2)
        value = scope.translate(nodes[0], scope)
        _unit(exp.Literal.string("day"), value)
        time = rounded(value.sql, 3) if value.type.args > TIMESTAMP.args else value.sql
        return Value(f"strftime({time}, {_quoted(pattern(_text(nodes[1], 'a format')))})", VARCHAR)

    return rule


def _parsed(pattern: Callable[[str], str], kind: Type) -> Callable[[list[exp.Expr], Scope], Value]:
    """Without a year, days are of 2000 and times of 1970; two digits mean 1970 to 2069; names may be short or long."""

    def rule(nodes: list[exp.Expr], scope: Scope) -> Value:
        _arity("date_parse", nodes, 2)
        text, marks = f"unpadded({scope.translate(nodes[0], scope).sql})", pattern(_text(nodes[1], "a format"))
        letters = set(MARK.findall(marks))
        if letters & set("VGu") or (letters & set("aA") and not letters & set("dj")):
            raise QueryError("not on the laptop: parsing of week dates; from_iso8601_date('2024-W05-1')")
        if kind == INSTANT and "y" in letters:
            raise QueryError("not on the laptop: parsing of yy, whose century depends on the day; date_parse with %y")
        if not letters & set("Yy"):
            year = 2000 if letters & set("bBdjm") else 1970
            text, marks = f"'{year} ' || {text}", f"%Y {marks}"
        spellings = {
            marks.replace(f"%{month}", f"%{other}").replace(f"%{day}", f"%{another}")
            for month, other in ("bB", "Bb")
            for day, another in ("aA", "Aa")
        }
        sql = f"date_trunc('millisecond', strptime({text}, [{', '.join(map(_quoted, sorted(spellings)))}]))"
        sql = f"in_the_seventies({sql})" if "y" in letters else sql
        return Value(sql if kind == TIMESTAMP else f"CAST({sql} AS TIMESTAMPTZ)", kind)

    return rule


def _format(nodes: list[exp.Expr], scope: Scope) -> Value:
    if len(nodes) < 2:  # noqa: PLR2004 - the template and one value
        raise QueryError("FUNCTION_NOT_FOUND: There must be two or more arguments")
    values = [scope.translate(node, scope) for node in nodes[1:]]
    parts = [
        _quoted(part) if isinstance(part, str) else patterns.printed(part, values)
        for part in patterns.java_format(_text(nodes[0], "a template of format"))
    ]
    missing = " || ".join(parts)
    return Value(f"({missing or chr(39) * 2})", VARCHAR)


def _json(name: str) -> Callable[[list[exp.Expr], Scope], Value]:
    """The functions with a JSON path, in DuckDB's spelling: `$["a b"]` is `$."a b"`."""

    def rule(nodes: list[exp.Expr], scope: Scope) -> Value:
        _arity(name, nodes, 2)
        path = _text(nodes[1], "a JSON path")
        steps = "".join(
            f'."{field or quoted_field}"' if field or quoted_field else f"[{index}]"
            for field, index, quoted_field in JSON_STEP.findall(path)
        )
        if not path.startswith("$") or JSON_STEP.sub("", path[1:]):
            raise QueryError(f'not on the laptop: the JSON path {path}; steps are .name, ["name"] and [0]')
        return _bound(name, [scope.translate(nodes[0], scope), Value(_quoted(f"${steps}"), VARCHAR)])

    return rule


RULES: dict[str, Callable[[list[exp.Expr], Scope], Value]] = {
    "typeof": _typeof,
    "nullif": _nullif,
    "try": _try,
    "row": row,
    "array_join": _array_join,
    "regexp_replace": _regexp_replace,
    "mod": _mod,
    "to_iso8601": _to_iso8601,
    "date_trunc": _date_trunc,
    "date_add": _date_add,
    "date_diff": _date_diff,
    "date_format": _formatted(patterns.mysql),
    "date_parse": _parsed(patterns.mysql, TIMESTAMP),
    "format_datetime": _formatted(patterns.joda),
    "parse_datetime": _parsed(patterns.joda, INSTANT),
    "format": _format,
    **{name: _json(name) for name in ("json_extract", "json_extract_scalar", "json_size")},
}
