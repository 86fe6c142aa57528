"""EventBridge's event patterns: moto matches everything with an operator that it does not know, and 1 with true.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html. Its examples are in
`tests/local/documented/event-patterns.csv`.
"""

import ipaddress
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

COMPARISONS = {"<": operator.lt, "<=": operator.le, "=": operator.eq, ">=": operator.ge, ">": operator.gt}
WILDCARD = re.compile(r"\\(?P<escaped>[*\\])|(?P<any>\*)|.", re.DOTALL)
Test = Callable[[Any], bool]


def check(pattern: Mapping[str, Any]) -> None:
    """Raises `ValueError` if EventBridge would reject the pattern, or the laptop does not support it."""
    if not isinstance(pattern, Mapping) or not pattern:
        raise ValueError(f"an event pattern is an object with at least one field, not {pattern}")
    for name, rule in pattern.items():
        if name == "$or":
            for alternative in rule:
                check(alternative)
        elif isinstance(rule, list) and rule:
            for one in rule:
                if not (isinstance(one, dict) and "exists" in one):
                    _test(one)
        else:
            check(rule)


def matches(pattern: Mapping[str, Any], event: Any) -> bool:
    """Whether an event has all fields of the pattern, each with one of its values. Raises `ValueError` as `check`."""
    for name, rule in pattern.items():
        if name == "$or":
            found = any(matches(alternative, event) for alternative in rule)
        else:
            values = _values(event, name)
            leaves = [value for value in values if not isinstance(value, dict)]
            nested = [value for value in values if isinstance(value, dict)]
            found = (
                _one_of(rule, leaves) if isinstance(rule, list) else any(matches(rule, one) for one in nested or [{}])
            )
        if not found:
            return False
    return True


def _values(event: Any, name: str) -> list[Any]:
    """The values of a field; those of an array one by one."""
    value = event.get(name, []) if isinstance(event, dict) else []
    return value if isinstance(value, list) else [value]


def _one_of(rules: list[Any], values: list[Any]) -> bool:
    for rule in rules:
        if isinstance(rule, dict) and "exists" in rule:
            found = bool(values) is rule["exists"]
        else:
            found = any(map(_test(rule), values))
        if found:
            return True
    return False


def _test(rule: Any) -> Test:
    """The test of a value that a rule is, such as "FAILED" or {"prefix": "aws."}."""
    if not isinstance(rule, dict):
        return lambda value: type(value) in _types(rule) and bool(value == rule)
    ((name, operand),) = rule.items()
    if name not in OPERATORS:
        raise ValueError(f"not on the laptop: {name} in an event pattern")
    return OPERATORS[name](operand)


def _types(value: Any) -> tuple[type, ...]:
    return (int, float) if type(value) in (int, float) else (type(value),)


def _text(test: Callable[[str, str], bool]) -> Callable[[Any], Test]:
    """An operator on strings, which may ignore case."""

    def make(operand: Any) -> Test:
        if isinstance(operand, dict):
            folded = operand["equals-ignore-case"].casefold()
            return lambda value: isinstance(value, str) and test(value.casefold(), folded)
        return lambda value: isinstance(value, str) and test(value, operand)

    return make


def _anything_but(operand: Any) -> Test:
    tests = [_test(one) for one in _alternatives(operand)]
    return lambda value: not any(test(value) for test in tests)


def _alternatives(operand: Any) -> list[Any]:
    if isinstance(operand, list):
        return operand
    if isinstance(operand, dict):
        ((name, inner),) = operand.items()
        return [{name: one} for one in (inner if isinstance(inner, list) else [inner])]
    return [operand]


def _numeric(operand: list[Any]) -> Test:
    pairs = list(zip(operand[::2], operand[1::2], strict=True))
    return lambda value: type(value) in (int, float) and all(COMPARISONS[sign](value, limit) for sign, limit in pairs)


def _cidr(operand: str) -> Test:
    network = ipaddress.ip_network(operand, strict=False)

    def test(value: Any) -> bool:
        try:
            return isinstance(value, str) and ipaddress.ip_address(value) in network
        except ValueError:
            return False

    return test


def _wildcard(operand: str) -> Test:
    parts = (".*" if one["any"] else re.escape(one["escaped"] or one[0]) for one in WILDCARD.finditer(operand))
    expression = re.compile("".join(parts), re.DOTALL)
    return lambda value: isinstance(value, str) and expression.fullmatch(value) is not None


OPERATORS: dict[str, Callable[[Any], Test]] = {
    "anything-but": _anything_but,
    "cidr": _cidr,
    "equals-ignore-case": _text(lambda value, operand: value.casefold() == operand.casefold()),
    "numeric": _numeric,
    "prefix": _text(str.startswith),
    "suffix": _text(str.endswith),
    "wildcard": _wildcard,
}
