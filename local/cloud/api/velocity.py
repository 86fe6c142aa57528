"""API Gateway's mapping templates: airspeed, patched where it differs from Velocity, with $input and $util."""

import base64
import json
import operator
import re
from collections.abc import Callable, Mapping
from copy import copy
from functools import cache
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote_plus, unquote_plus

import airspeed

from local.cloud.api.java import METHODS, divide, remainder, same

PATH = re.compile(r"\$(?:\.\w+|\[\d+\]|\['[^']*'\])*")
STEP = re.compile(r"\.(\w+)|\[(\d+)\]|\['([^']*)'\]")
REFUSED = re.compile(r"#\{?(?:break|evaluate|include|parse)\b|\\[$#]")
DECIMAL = 1e-3, 1e7  # Java writes other numbers with an exponent
STAGE_VARIABLES = {"Scheme": "http"}  # on loopback
EMPTY: tuple[Any, ...] = ("", 0, [], {})


class AmbiguousError(ValueError):
    """The result of a template would differ between versions of Velocity, or between AWS and the laptop."""


class Input:
    """`$input`: a body, and the parameters of the request by location."""

    def __init__(self, body: str, parameters: Mapping[str, Mapping[str, str]]) -> None:
        self.body = body or "{}"
        self._parameters = parameters

    def path(self, path: str) -> Any:
        """The value at a JSONPath of names and indices; None if there is none."""
        if not PATH.fullmatch(path):
            raise AmbiguousError(f"not on the laptop: the path {path}; it supports names and indices, $.a[0].b")
        value = json.loads(self.body)
        for name, index, quoted in STEP.findall(path):
            if index:
                value = value[int(index)] if isinstance(value, list) and int(index) < len(value) else None
            else:
                value = value.get(name or quoted) if isinstance(value, dict) else None
        return value

    def json(self, path: str) -> str:
        """The same as JSON."""
        return json.dumps(self.path(path), ensure_ascii=False, separators=(",", ":"))

    def params(self, name: str | None = None) -> Any:
        """A parameter of the path, else of the query, else a header, else an empty string; without a name, all."""
        if name is None:
            return self._parameters
        return next((kind[name] for kind in self._parameters.values() if name in kind), "")


class Util:
    """`$util`."""

    def escapeJavaScript(self, text: Any) -> str:  # noqa: N802 - AWS's name
        """Escape a JavaScript string. Apostrophes are escaped too, so the result is not always valid JSON."""
        return json.dumps(_text(text))[1:-1].replace("'", r"\'").replace("/", r"\/")

    def parseJson(self, text: str) -> Any:  # noqa: N802
        """Parse JSON."""
        return json.loads(text)

    def urlEncode(self, text: str) -> str:  # noqa: N802
        """URL-encode a string."""
        return quote_plus(text)

    def urlDecode(self, text: str) -> str:  # noqa: N802
        """URL-decode a string."""
        return unquote_plus(text)

    def base64Encode(self, text: str) -> str:  # noqa: N802
        """Encode a string as UTF-8 in base64."""
        return base64.b64encode(text.encode()).decode()

    def base64Decode(self, text: str) -> str:  # noqa: N802
        """Decode UTF-8 from base64."""
        return base64.b64decode(text).decode()


def render(template: str, given: Input, context: dict[str, Any]) -> str:
    """Render a template; its overrides are left in `context`. Raises `airspeed.TemplateError` if it is invalid."""
    variables = {"input": given, "util": Util(), "context": context, "stageVariables": STAGE_VARIABLES}
    return str(_compiled(template).merge(variables))


@cache
def _compiled(template: str) -> Any:
    if found := REFUSED.search(template):
        raise airspeed.TemplateError(f"not on the laptop: {found[0]}")
    _repair()
    return airspeed.Template(template)


@cache
def _repair() -> None:
    """Patch airspeed where it differs from Velocity, once per process."""
    never = re.compile("(?!)")
    airspeed.StringLiteral.ESCAPED_CHAR = never  # a backslash in a string is a backslash
    airspeed.InterpolatedStringLiteral.ESCAPED_CHAR = never
    airspeed.FormalReference.evaluate_raw = _write
    airspeed.NameOrCall.calculate = _resolve(airspeed.NameOrCall.calculate)
    airspeed.BinaryOperator.OPERATORS |= OPERATORS
    airspeed.UnaryOperatorValue.OPERATORS |= dict.fromkeys(("!", "not"), lambda value: not _true(value))
    airspeed.ForeachDirective.evaluate_raw = _loop(airspeed.ForeachDirective.evaluate_raw)
    parse = airspeed.Condition.parse

    def parse_condition(self: Any) -> None:
        parse(self)
        calculate = self.calculate
        self.calculate = lambda *scope: _true(calculate(*scope))

    airspeed.Condition.parse = parse_condition


def _resolve(original: Any) -> Any:
    """A name or call on a value: of a map its entries, of any value only Java's methods, not Python's."""

    def calculate(self: Any, current: Any, loader: Any, top: Any) -> Any:
        methods = METHODS.get(type(current), {} if isinstance(current, int | float) else None)
        if methods is None or (self.parameters is None and isinstance(current, dict)):
            return original(self, current, loader, top)
        if self.parameters is None or self.name not in methods:
            raise AmbiguousError(f"not on the laptop: {self.my_text()} of a {type(current).__name__}")
        return methods[self.name](current, *self.parameters.calculate(top, loader))

    return calculate


def _loop(original: Any) -> Any:
    """A loop over a map visits its values, one over text is refused."""

    def evaluate(self: Any, stream: Any, namespace: Any, loader: Any) -> None:
        items, loop = self.value.calculate(namespace, loader), copy(self)
        if isinstance(items, str):
            raise AmbiguousError("not on the laptop: a loop over text")
        values = list(items.values()) if isinstance(items, dict) else items
        loop.value = SimpleNamespace(calculate=lambda *_: values)
        original(loop, stream, namespace, loader)

    return evaluate


def _write(self: Any, stream: Any, namespace: Any, loader: Any) -> None:
    """Write a reference as Java does; one without a value is written verbatim unless it is quiet (`$!`)."""
    value = self.expression.calculate(namespace, loader) if self.expression else None
    missing = "" if self.silent else self.my_text()
    stream.write(missing if value is None else _text(value))


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict | list):
        raise AmbiguousError("not on the laptop: an object or a list as text; use $input.json")
    if isinstance(value, float) and value and not DECIMAL[0] <= abs(value) < DECIMAL[1]:
        raise AmbiguousError(f"not on the laptop: {value} as text, which Java writes with an exponent")
    return json.dumps(value)


def _true(value: Any) -> bool:
    """Velocity 1 treats only null and false as false, Velocity 2 also empty values: those are ambiguous."""
    if isinstance(value, bool) or value is None:
        return bool(value)
    if value in EMPTY:
        raise AmbiguousError(f"not on the laptop: {value!r} as a condition; use a comparison")
    return True


def _numbers(calculate: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """An operation on numbers only."""

    def operation(one: Any, other: Any) -> Any:
        for value in (one, other):
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise AmbiguousError(f"not on the laptop: arithmetic and order of {value!r}, which is no number")
        return calculate(one, other)

    return operation


def _add(one: Any, other: Any) -> Any:
    """Text and another value are joined."""
    if isinstance(one, str) or isinstance(other, str):
        return _text(one) + _text(other)
    return _numbers(operator.add)(one, other)


def _equal(one: Any, other: Any) -> bool:
    """Values of different types are equal if their texts are."""
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (one, other))
    if numbers or type(one) is type(other) or one is None or other is None:
        return same(one, other)
    return _text(one) == _text(other)


def _or(one: Any, other: Any) -> bool:
    return _true(one) or _true(other)


def _and(one: Any, other: Any) -> bool:
    return _true(one) and _true(other)


OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": _add,
    "-": _numbers(operator.sub),
    "*": _numbers(operator.mul),
    "/": _numbers(divide),
    "%": _numbers(remainder),
    **dict.fromkeys(("==", "eq"), _equal),
    **dict.fromkeys(("!=", "ne"), lambda one, other: not _equal(one, other)),
    **dict.fromkeys((">", "gt"), _numbers(operator.gt)),
    **dict.fromkeys((">=", "ge"), _numbers(operator.ge)),
    **dict.fromkeys(("<", "lt"), _numbers(operator.lt)),
    **dict.fromkeys(("<=", "le"), _numbers(operator.le)),
    **dict.fromkeys(("&&", "and"), _and),
    **dict.fromkeys(("||", "or"), _or),
}
