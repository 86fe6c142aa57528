"""The comparison operators of a Choice, typed as on AWS: moto compares whatever it finds, and reads `?` as a wildcard.

Source: https://states-language.net/spec.html#choice-state. Its examples are in `tests/local/documented/choices.csv`.
"""

import operator
import re
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

from moto.stepfunctions.parser.asl.component.common.string.string_expression import StringContextPath
from moto.stepfunctions.parser.asl.component.state.choice.comparison.comparison_operator_type import (
    ComparisonOperatorType,
)
from moto.stepfunctions.parser.asl.component.state.choice.comparison.operator.factory import OperatorFactory

from local.cloud.machine import paths
from local.cloud.machine.states import failure

TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
CHARACTER = re.compile(r"\\(?P<escaped>[*\\])|(?P<any>\*)|[^\\]", re.DOTALL)
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "GreaterThan": operator.gt,
    "LessThanEquals": operator.le,
    "GreaterThanEquals": operator.ge,
}
Read = Callable[[Any], Any]
Evaluate = Callable[[Any, Any], None]


@cache
def repair() -> None:
    """Install the operators, once per process."""
    for kind, read in KINDS.items():
        for name in ("Equals",) if kind == "Boolean" else COMPARISONS:
            _replace(kind + name, _operator(read, COMPARISONS[name], _literal))
            _replace(f"{kind}{name}Path", _operator(read, COMPARISONS[name], _at_path))
    _replace("StringMatches", _matches)
    _replace("IsTimestamp", _is_timestamp)


def _replace(name: str, evaluate: Evaluate) -> None:
    """Operators are singletons in moto."""
    OperatorFactory.get(ComparisonOperatorType[name]).eval = evaluate


def _operator(read: Read, compare: Callable[[Any, Any], bool], operand: Callable[[Any, Any], Any]) -> Evaluate:
    """A comparison; false unless both values are of its type."""

    def evaluate(env: Any, value: Any) -> None:
        one = read(env.stack.pop())
        other = read(operand(env, value))
        env.stack.append(one is not None and other is not None and compare(one, other))

    return evaluate


def _literal(_: Any, value: Any) -> Any:
    return value


def _at_path(env: Any, path: str) -> Any:
    if not path.startswith("$$"):
        return paths.read(path, env.stack[-1])
    StringContextPath(path).eval(env)
    return env.stack.pop()


def _matches(env: Any, value: str) -> None:
    """`*` matches any characters, and nothing else is special."""
    text, pattern, expression = env.stack.pop(), value, ""
    while found := CHARACTER.match(pattern):
        expression += ".*" if found["any"] else re.escape(found["escaped"] or found[0])
        pattern = pattern[found.end() :]
    if pattern:
        raise failure(env, "StatesRuntime", f"Open escape in the pattern of StringMatches at {pattern}")
    env.stack.append(isinstance(text, str) and re.fullmatch(expression, text, re.DOTALL) is not None)


def _is_timestamp(env: Any, value: bool) -> None:
    env.stack.append((_timestamp(env.stack.pop()) is not None) is value)


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _timestamp(value: Any) -> datetime | None:
    """The instant of RFC 3339 text with a capital T, and Z or an offset."""
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) and TIMESTAMP.fullmatch(value) else None
    except ValueError:
        return None


KINDS: dict[str, Read] = {"String": _string, "Numeric": _number, "Boolean": _boolean, "Timestamp": _timestamp}
