"""Patterns of Java, Joda and MySQL in DuckDB's spelling: of dates, of `format` and of regular expressions."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from local.cloud.sql import casts
from local.cloud.sql.errors import QueryError
from local.cloud.sql.scope import Value
from local.cloud.sql.types import INTEGERS, UNKNOWN

MYSQL = {
    **{letter: f"%{letter}" for letter in "abdfHIjmpSYy%"},
    "c": "%-m",
    "e": "%-d",
    "h": "%I",
    "i": "%M",
    "k": "%-H",
    "l": "%-I",
    "M": "%B",
    "r": "%I:%M:%S %p",
    "s": "%S",
    "T": "%H:%M:%S",
    "v": "%V",
    "W": "%A",
    "x": "%G",
}
UNSUPPORTED = set("DUuVwX")  # by Athena too
JODA = {
    **dict.fromkeys(("y", "yyyy", "Y", "YYYY"), "%Y"),
    **dict.fromkeys(("yy", "YY"), "%y"),
    **dict.fromkeys(("x", "xxxx"), "%G"),
    **dict.fromkeys(("E", "EE", "EEE"), "%a"),
    "EEEE": "%A",
    "M": "%-m",
    "MM": "%m",
    "MMM": "%b",
    "MMMM": "%B",
    "d": "%-d",
    "dd": "%d",
    "D": "%-j",
    "DDD": "%j",
    "e": "%u",
    "ww": "%V",
    "a": "%p",
    "h": "%-I",
    "hh": "%I",
    "H": "%-H",
    "HH": "%H",
    "m": "%-M",
    "mm": "%M",
    "s": "%-S",
    "ss": "%S",
    "SSS": "%g",
    "SSSSSS": "%f",
}
JODA_PART = re.compile(r"'((?:[^']|'')*)'|(([A-Za-z])\3*)|([^A-Za-z']+)")
DIRECTIVE = re.compile(r"%(?:(\d+)\$)?([-#+ 0,(]*)(\d*)(?:\.(\d+))?([a-zA-Z%])")
REFERENCE = re.compile(r"\\(.)|\$(\d)|\$\{(\w+)\}|(\$)")
GROUP_NAME = re.compile(r"\(\?<(\w+)>|\((?!\?)")


def mysql(pattern: str) -> str:
    """The pattern of `date_format` and `date_parse` for strftime."""
    text, letters = "", iter(pattern)
    for letter in letters:
        if letter != "%":
            text += letter
        elif (mark := next(letters, "%")) in UNSUPPORTED:
            raise QueryError(f"INVALID_FUNCTION_ARGUMENT: %{mark} not supported in date format string")
        else:
            text += MYSQL.get(mark, mark)
    return text


def joda(pattern: str) -> str:
    """The pattern of `format_datetime` and `parse_datetime` for strftime."""
    text = ""
    for literal, letters, _, other in JODA_PART.findall(pattern):
        if letters and letters not in JODA:
            raise QueryError(f"not on the laptop: {letters} in a date pattern; there are {', '.join(JODA)}")
        text += JODA[letters] if letters else (literal.replace("''", "'") or other or "'").replace("%", "%%")
    return text


class Directive(NamedTuple):
    """A directive of Java's formatter; `position` is that of its value, from 1."""

    position: int
    flags: str
    width: int
    precision: int | None
    conversion: str


def java_format(template: str) -> Iterator[str | Directive]:
    """The texts and directives of a template. Raises `QueryError` for a directive that the laptop lacks."""
    end, following = 0, 0
    for found in DIRECTIVE.finditer(template):
        if text := template[end : found.start()]:
            yield _text(text)
        end = found.end()
        index, flags, width, precision, conversion = found.groups()
        if conversion in "%n":
            yield "%" if conversion == "%" else "\n"
            continue
        if conversion not in "sdfS" or set(flags) - set("-0+,"):
            raise QueryError(
                f"not on the laptop: {found[0]} in format; there are %s, %d and %f with - 0 + , and a width"
            )
        following += not index
        yield Directive(
            int(index or following), flags, int(width or 0), int(precision) if precision else None, conversion
        )
    if text := template[end:]:
        yield _text(text)


def _text(text: str) -> str:
    if "%" in text:
        raise QueryError(f"INVALID_FUNCTION_ARGUMENT: Invalid format string: {text}")
    return text


def printed(directive: Directive, values: Sequence[Value]) -> str:
    """The text of a value. A decimal is rounded half up, without a double in between."""
    if directive.position > len(values):
        raise QueryError(f"INVALID_FUNCTION_ARGUMENT: Format specifier '%{directive.conversion}' has no argument")
    value = values[directive.position - 1]
    if directive.conversion == "f" and value.type.name == "double":
        special = Directive(1, directive.flags.replace("0", ""), directive.width, None, "s")
        names = f"infinite_text({value.sql}, '{'+' * ('+' in directive.flags)}')"
        finite = _padded(directive, _printed_number(directive, value))
        return f"CASE WHEN isfinite({value.sql}) IS NOT false THEN {finite} ELSE {_padded(special, names)} END"
    printer = _printed_text if directive.conversion in "sS" else _printed_number
    return _padded(directive, printer(directive, value))


def _padded(directive: Directive, text: str) -> str:
    if not directive.width:
        return text
    side, fill = ("rpad", " ") if "-" in directive.flags else ("lpad", "0" if "0" in directive.flags else " ")
    if fill == "0":  # after the sign
        sign = f"regexp_extract({text}, '^[+-]?')"
        digits = f"ltrim({text}, '+-')"
        width = f"CAST(greatest({directive.width} - length({sign}), length({digits})) AS INTEGER)"
        return f"{sign} || lpad({digits}, {width}, '0')"
    return f"{side}({text}, CAST(greatest({directive.width}, length({text})) AS INTEGER), '{fill}')"


def _printed_text(directive: Directive, value: Value) -> str:
    kind = value.type
    if kind.name == "double":
        text = f"java_double({value.sql})"
    elif kind.name in ("array", "map", "row", "varbinary", "timestamp", "timestamp with time zone"):
        raise QueryError(f"not on the laptop: %s of {kind} in format; CAST it to varchar")
    else:
        text = casts.text(value)
    text = text if directive.precision is None else f"substring({text}, 1, {directive.precision})"
    text = f"coalesce({text}, 'null')"
    return f"upper({text})" if directive.conversion == "S" else text


def _printed_number(directive: Directive, value: Value) -> str:
    integral = directive.conversion == "d"
    names = INTEGERS if integral else ("decimal", "double")
    if value.type.name not in names and value.type != UNKNOWN:
        raise QueryError(
            f"INVALID_FUNCTION_ARGUMENT: Invalid format string: %{directive.conversion} (with {value.type})"
        )
    if integral and directive.precision is not None:
        raise QueryError(f"INVALID_FUNCTION_ARGUMENT: Invalid format string: %.{directive.precision}d")
    places = 0 if integral else 6 if directive.precision is None else directive.precision
    number = f"CAST({value.sql} AS VARCHAR)"
    text = f"CAST(CAST(ltrim({number}, '-') AS DECIMAL(38, {places})) AS VARCHAR)"
    if "," in directive.flags:
        text = f"thousands(regexp_extract({text}, '[0-9]+')) || regexp_extract({text}, '[.].*')"
    sign = f"CASE WHEN {number} LIKE '-%' THEN '-' ELSE '{'+' if '+' in directive.flags else ''}' END"
    return f"coalesce({sign} || {text}, 'null')"


def replacement(pattern: str, text: str) -> str:
    """A replacement of `regexp_replace`: `$1` and `${name}` are the groups, and a backslash escapes."""
    named = {name: number for number, name in enumerate(GROUP_NAME.findall(pattern.replace("\\(", "")), 1) if name}
    groups = len(GROUP_NAME.findall(pattern.replace("\\(", "")))

    def one(found: re.Match[str]) -> str:
        escaped, number, name, _ = found.groups()
        if escaped:
            return "\\\\" if escaped == "\\" else escaped
        if number and int(number) <= groups:
            return f"\\{number}"
        if name in named and named[name] < 10:  # noqa: PLR2004 - DuckDB has nine
            return f"\\{named[name]}"
        raise QueryError(f"INVALID_FUNCTION_ARGUMENT: Illegal replacement sequence: {found[0]}")

    return REFERENCE.sub(one, text)
