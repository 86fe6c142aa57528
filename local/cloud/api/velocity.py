"""API Gateway's mapping templates: airspeed, repaired where Velocity does otherwise, with $input and $util."""

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
    """A template asks what the versions of Velocity, or AWS and the laptop, answer differently."""


class Input:
    """`$input`: a body, and the parameters of the request by kind."""

    def __init__(self, body: str, parameters: Mapping[str, Mapping[str, str]]) -> None:
        self.body = body or "{}"
        self._parameters = parameters

    def path(self, path: str) -> Any:
        """The value at a JSONPath of plain names; None where there is none."""
        found = PATH.fullmatch(path)
        if not found:
            raise AmbiguousError(f"The laptop knows JSONPaths like $.a.b, not {path}.")
        value = json.loads(self.body)
        for name in found[1].split(".")[1:]:
            value = value.get(name) if isinstance(value, dict) else None
        return value

    def json(self, path: str) -> str:
        """The same as JSON text."""
        return json.dumps(self.path(path), ensure_ascii=False, separators=(",", ":"))

    def params(self, name: str | None = None) -> Any:
        """A parameter of the path, else of the query, else a header, else empty text; all of them without a name."""
        if name is None:
            return self._parameters
        return next((kind[name] for kind in self._parameters.values() if name in kind), "")


class Util:
    """`$util`."""

    def escapeJavaScript(self, text: Any) -> str:  # noqa: N802 - AWS's name
        """Text for a JavaScript string: quotes and apostrophes get a backslash, so the result may not be JSON."""
        return json.dumps(_text(text))[1:-1].replace("'", r"\'").replace("/", r"\/")

    def parseJson(self, text: str) -> Any:  # noqa: N802
        """The value of JSON text."""
        return json.loads(text)

    def urlEncode(self, text: str) -> str:  # noqa: N802
        """Text for a query."""
        return quote_plus(text)

    def urlDecode(self, text: str) -> str:  # noqa: N802
        """The text of a query."""
        return unquote_plus(text)

    def base64Encode(self, text: str) -> str:  # noqa: N802
        """UTF-8 in base64."""
        return base64.b64encode(text.encode()).decode()

    def base64Decode(self, text: str) -> str:  # noqa: N802
        """The text of UTF-8 in base64."""
        return base64.b64decode(text).decode()


def render(template: str, given: Input, context: dict[str, Any]) -> str:
    """A template's text; what it overrides is left in `context`. Errors: airspeed.TemplateError."""
    variables = {"input": given, "util": Util(), "context": context, "stageVariables": STAGE_VARIABLES}
    return str(_compiled(template).merge(variables))


@cache
def _compiled(template: str) -> Any:
    _repair()
    return airspeed.Template(template)


@cache
def _repair() -> None:
    """Install what Velocity does otherwise than airspeed, once in a process."""
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
    """A reference as Java shows it; one without a value shows itself, unless it is a quiet one."""
    value = self.expression.calculate(namespace, loader) if self.expression else None
    missing = "" if self.silent else self.my_text()
    stream.write(missing if value is None else _text(value))


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _true(value: Any) -> bool:
    """Only null and false are false for Velocity 1, empty values too for Velocity 2: the laptop has no opinion."""
    if isinstance(value, bool) or value is None:
        return bool(value)
    if value in EMPTY:
        raise AmbiguousError(f"A condition is {value!r}: compare it with something.")
    return True
