"""Athena's casts as DuckDB expressions."""

from collections.abc import Iterator

from local.cloud.sql.errors import QueryError
from local.cloud.sql.scope import Value
from local.cloud.sql.types import INTEGERS, JSON, Type

# What Java's parsers and Trino's accept: VarcharOperators, DecimalCasts and DateTimeUtils of github.com/trinodb/trino.
NUMBER = r"([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
GRAMMARS = dict.fromkeys(INTEGERS, "[+-]?[0-9]+") | {
    "decimal": f"[+-]?{NUMBER}",
    "double": rf"\s*[+-]?(NaN|Infinity|{NUMBER})\s*",
    "real": rf"\s*[+-]?(NaN|Infinity|{NUMBER})\s*",
    "boolean": "(?i)t|f|1|0|true|false",
    "date": r"\s*[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}\s*",
    "timestamp": r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}( ([01]?[0-9]|2[0-3]):[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?)?",
}
MICROSECONDS = 6  # the digits of DuckDB's timestamps
PLAIN = {*INTEGERS, "decimal", "double", "boolean", "date", "unknown"}
ALIKE = {*INTEGERS, "boolean", "varchar", "date", "unknown", "array", "row"}  # inside a JSON document as DuckDB's


def coerced(value: Value, kind: Type) -> Value:
    """A value as a wider type of the same family."""
    same = value.type == kind or value.type.duckdb == kind.duckdb
    if value.type.name == "decimal" and kind.name == "double":
        return Value(_double(value), kind)
    return Value(value.sql if same and value.type.name != "unknown" else f"CAST({value.sql} AS {kind.duckdb})", kind)


def _double(value: Value) -> str:
    """A decimal as a double. Of 16 to 18 digits it is the quotient of doubles, which is not always the nearest one."""
    digits, scale = value.type.args
    if digits not in (16, 17, 18) or not scale:
        return f"CAST({value.sql} AS DOUBLE)"
    unscaled = f"CAST({value.sql} AS DECIMAL(38, {scale})) * CAST({10**scale} AS DECIMAL({scale + 1}, 0))"
    return f"(CAST(CAST({unscaled} AS BIGINT) AS DOUBLE) / {10**scale}e0)"


def rounded(sql: str, digits: int) -> str:
    """A timestamp with so many digits of a second, half up."""
    if digits >= MICROSECONDS:
        return sql
    step = 10 ** (MICROSECONDS - digits)
    return f"time_bucket(INTERVAL {step} MICROSECOND, {sql} + INTERVAL {step // 2} MICROSECOND)"


def cast(value: Value, kind: Type) -> Value:  # noqa: PLR0911 - one rule a kind
    """`CAST(value AS kind)`. Raises `QueryError` if Athena has no such cast, or the laptop has not."""
    source, target = value.type.name, kind.name
    if target in ("char", "time", "time with time zone", "real", "uuid", "ipaddress"):
        raise QueryError(f"not on the laptop: the type {kind}; use varchar, timestamp or double")
    if value.type == kind or source == "unknown":
        return coerced(value, kind)
    if target == "varchar":
        return Value(_shortened(text(value), value.type, kind), kind)
    if source == "varchar" and target in GRAMMARS:
        return Value(_parsed(value.sql, kind), kind)
    if JSON in (value.type, kind):
        return Value(_json(value, kind), kind)
    if (source, target) == ("varchar", "varbinary"):
        return Value(f"encode({value.sql})", kind)
    if source in ("double", "real") and target in INTEGERS:
        return Value(f"CAST(round({value.sql}) AS {kind.duckdb})", kind)
    if source in ("double", "real") and target == "decimal":  # of the digits that are shown
        return Value(f"CAST(CAST({value.sql} AS VARCHAR) AS {kind.duckdb})", kind)
    if source == target == "array":
        element = cast(Value("item", value.type.args[0]), kind.args[0])
        return Value(f"list_transform({value.sql}, lambda item: {element.sql})", kind)
    if source == target == "row" and len(value.type.args) == len(kind.args):
        return Value(_row(value, kind), kind)
    numeric = value.type.is_numeric or source == "boolean"
    temporal = ("date", "timestamp", "timestamp with time zone")
    if source in temporal and target in temporal:
        sql = f"CAST({value.sql} AS {kind.duckdb})"
        return Value(rounded(sql, *kind.args) if value.type.args > kind.args > () else sql, kind)
    if numeric and (kind.is_numeric or target == "boolean"):
        return coerced(value, kind)
    raise QueryError(f"TYPE_MISMATCH: Cannot cast {value.type} to {kind}")


def tried(value: Value, kind: Type) -> Value:
    """`TRY_CAST(value AS kind)`."""
    if value.type.name == "varchar" and kind.name in GRAMMARS:
        matches = f"regexp_full_match({value.sql}, '{GRAMMARS[kind.name]}')"
        return Value(f"CASE WHEN {matches} THEN {_read('TRY_CAST', value.sql, kind)} END", kind)
    return Value(f"TRY({cast(value, kind).sql})", kind)


def _parsed(sql: str, kind: Type) -> str:
    wrong = f"fail('INVALID_CAST_ARGUMENT: Cannot cast ''' || {sql} || ''' to {str(kind).upper()}')"
    matches = f"{sql} IS NULL OR regexp_full_match({sql}, '{GRAMMARS[kind.name]}')"
    return f"CASE WHEN {matches} THEN {_read('CAST', sql, kind)} ELSE {wrong} END"


def _read(function: str, text: str, kind: Type) -> str:
    read = f"{function}(trim({text}) AS {kind.duckdb})"
    return rounded(read, *kind.args) if kind.name == "timestamp" else read


def text(value: Value) -> str:  # noqa: PLR0911 - one rule a kind
    """The text of a value, as `CAST(value AS varchar)`. Raises `QueryError` if it has none on the laptop."""
    if value.type.name == "varchar":
        return value.sql
    if value.type.name == "decimal" and value.type.args[0] == value.type.args[1]:  # DuckDB writes .5
        return f"regexp_replace(CAST({value.sql} AS VARCHAR), '^(-?)[.]', '\\10.')"
    if value.type.name == "double":
        return f"double_text({value.sql})"
    if value.type.name == "timestamp":
        return time_text(value)
    if value.type.name == "timestamp with time zone":
        return f"({time_text(value)} || ' UTC')"
    if value.type == JSON:
        return f"json_text({value.sql})"
    if value.type.name in {*PLAIN}:
        return f"CAST({value.sql} AS VARCHAR)"
    raise QueryError(f"TYPE_MISMATCH: Cannot cast {value.type} to varchar")


def time_text(value: Value, pattern: str = "%Y-%m-%d %H:%M:%S") -> str:
    """The text of a timestamp, with the digits of its precision."""
    (digits,) = value.type.args
    if digits > MICROSECONDS:
        raise QueryError(f"not on the laptop: the text of {value.type}; CAST it to timestamp(6)")
    text = f"strftime({value.sql}, '{pattern}.%f')"
    return text if digits == MICROSECONDS else f"left({text}, {digits - MICROSECONDS - (not digits)})"


def _shortened(sql: str, source: Type, kind: Type) -> str:
    """Texts are cut to the length of the type; a number that does not fit fails."""
    if not kind.args:
        return sql
    if source.name == "varchar":
        return f"substring({sql}, 1, {kind.args[0]})"
    wrong = f"fail('INVALID_CAST_ARGUMENT: Value ' || {sql} || ' cannot be represented as {kind}')"
    return f"CASE WHEN length({sql}) > {kind.args[0]} THEN {wrong} ELSE {sql} END"


def _json(value: Value, kind: Type) -> str:
    if kind != JSON:
        return f"CAST({value.sql} AS {kind.duckdb})"
    if value.type.name in INTEGERS or value.type.name == "decimal":
        return f"CAST({text(value)} AS JSON)"
    if value.type.name == "double":
        return f"CAST(java_double({value.sql}) AS JSON)"
    if value.type.name == "timestamp":
        return f"to_json({text(value)})"
    if value.type.name in ("varbinary", "timestamp with time zone"):
        raise QueryError(f"TYPE_MISMATCH: Cannot cast {value.type} to json")
    others = {*_inside(value.type)} - ALIKE
    if others <= {"map", "double"} and not (others and "row" in _inside(value.type)):
        return f"CAST(parse_json(CAST(to_json({value.sql}) AS VARCHAR)) AS JSON)" if others else f"to_json({value.sql})"
    raise QueryError(f"not on the laptop: a cast of {value.type} to JSON; format the document as text")


def _inside(kind: Type) -> Iterator[str]:
    """The names of a type and of those in it."""
    fields = [one for _, one in kind.args] if kind.name == "row" else kind.args
    unlike = kind.name == "row" and not all(name for name, _ in kind.args)
    unlike |= kind.name == "map" and kind.args[0].name not in {"varchar", *INTEGERS}
    yield f"{kind.name} of another kind" if unlike else kind.name
    for one in fields:
        if isinstance(one, Type):
            yield from _inside(one)


def _row(value: Value, kind: Type) -> str:
    for (_, source), (_, target) in zip(value.type.args, kind.args, strict=True):
        exact = source.name in PLAIN and target.name in PLAIN and source.name != "double"
        if source.name != target.name and not exact:
            raise QueryError(f"not on the laptop: a cast of {value.type} to {kind}; cast each field, then ROW(...)")
    return f"CAST({value.sql} AS {kind.duckdb})"
