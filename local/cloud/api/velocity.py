"""API Gateway's mapping templates: airspeed, patched where it differs from Velocity, with $input and $util."""

import base64
import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import quote_plus, unquote_plus

import airspeed

PATH = re.compile(r"\$((?:\.\w+)*)")
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
        """The value at a JSONPath of plain names; None if there is none."""
        found = PATH.fullmatch(path)
        if not found:
            raise AmbiguousError(f"The laptop supports JSONPaths like $.a.b, not {path}.")
        value = json.loads(self.body)
        for name in found[1].split(".")[1:]:
            value = value.get(name) if isinstance(value, dict) else None
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
    _repair()
    return airspeed.Template(template)


@cache
def _repair() -> None:
    """Patch airspeed where it differs from Velocity, once per process."""
    never = re.compile("(?!)")
    airspeed.StringLiteral.ESCAPED_CHAR = never  # a backslash in a string is a backslash
    airspeed.InterpolatedStringLiteral.ESCAPED_CHAR = never
    airspeed.FormalReference.evaluate_raw = _write
    airspeed.BinaryOperator.OPERATORS |= {
        "&&": lambda one, other: _true(one) and _true(other),
        "||": lambda one, other: _true(one) or _true(other),
    }
    airspeed.UnaryOperatorValue.OPERATORS |= {"!": lambda value: not _true(value)}
    airspeed.__additional_methods__[str]["matches"] = lambda text, pattern: bool(re.fullmatch(pattern, text))
    airspeed.__additional_methods__[dict]["containsKey"] = lambda found, name: name in found
    parse = airspeed.Condition.parse

    def parse_condition(self: Any) -> None:
        parse(self)
        calculate = self.calculate
        self.calculate = lambda *scope: _true(calculate(*scope))

    airspeed.Condition.parse = parse_condition


def _write(self: Any, stream: Any, namespace: Any, loader: Any) -> None:
    """Write a reference as Java does; one without a value is written verbatim unless it is quiet (`$!`)."""
    value = self.expression.calculate(namespace, loader) if self.expression else None
    missing = "" if self.silent else self.my_text()
    stream.write(missing if value is None else _text(value))


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _true(value: Any) -> bool:
    """Velocity 1 treats only null and false as false, Velocity 2 also empty values: those are ambiguous."""
    if isinstance(value, bool) or value is None:
        return bool(value)
    if value in EMPTY:
        raise AmbiguousError(f"A condition is {value!r}: use a comparison.")
    return True
