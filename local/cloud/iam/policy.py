"""Policy statements: how they are read, and which of them decides whether a request is allowed."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

# Condition keys that the laptop supplies wherever AWS does. A condition on any other key would never hold here.
IDENTITY_KEYS = re.compile(
    r"s3:prefix|iam:PassedToService|ec2:(LaunchTemplate|IsLaunchTemplateResource|CreateAction)"
    r"|aws:(Resource|Request)Tag/.+|aws:CalledVia|kms:ViaService"
)
BUCKET_KEYS = re.compile(r"aws:SecureTransport|s3:if-none-match|s3:ObjectCreationOperation")
TRUST_KEYS = re.compile(r"aws:Source(Account|Arn)")
IF_EXISTS = "IfExists"  # suffix of an operator whose condition holds without the key
PARTS = {"Sid", "Effect", "Action", "Resource", "Condition"}


class PolicyError(ValueError):
    """A policy has an element that the laptop cannot evaluate."""


class Need(NamedTuple):
    """An action on a resource that a call requires.

    `context` holds the condition keys; `implied_by` is the call on whose behalf AWS performs the action.
    """

    action: str
    resource: str
    context: Mapping[str, str] = {}
    implied_by: str = ""


class Decision(NamedTuple):
    """The effect of a matching statement, and which of its resource patterns matched."""

    allowed: bool
    sid: str
    pattern: str


class Pattern:
    """A policy's wildcard pattern: `*` matches any text, `?` any character. Compiled at its first use: few are used."""

    def __init__(self, text: str, flags: re.RegexFlag = re.NOFLAG) -> None:
        self.text, self._flags = text, flags

    def matches(self, value: str) -> bool:
        """Whether it matches the whole of `value`."""
        return _compiled(self.text, self._flags).fullmatch(value) is not None


@cache
def _compiled(text: str, flags: re.RegexFlag) -> re.Pattern[str]:
    """The same for each deployment of a template in this process."""
    translated = re.escape(text).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(translated, re.DOTALL | flags)


class Condition(NamedTuple):
    """A condition on one key: it holds if the key's value passes any of the tests."""

    operator: str
    key: str
    values: list[str]
    tests: list[Callable[[str], Any]]


def _equals(text: str) -> Callable[[str], Any]:
    return text.__eq__


def _like(text: str) -> Callable[[str], Any]:
    return Pattern(text).matches


# Multivalued keys have at most one value here, so ForAnyValue is a plain comparison.
OPERATORS = {
    "StringEquals": _equals,
    "StringLike": _like,
    "ArnEquals": _like,
    "ArnLike": _like,
    "Bool": _equals,
    "Null": _equals,
    "ForAnyValue:StringEquals": _equals,
}


@dataclass(frozen=True)
class Statement:
    """One policy statement with its patterns compiled."""

    sid: str
    allows: bool
    actions: list[Pattern]
    resources: list[Pattern]
    conditions: list[Condition]

    @classmethod
    def read(cls, source: Mapping[str, Any], keys: re.Pattern[str] = IDENTITY_KEYS) -> "Statement":
        """A statement whose conditions may use `keys`. Raises `PolicyError` if the laptop cannot evaluate it."""
        sid = str(source.get("Sid", ""))
        if unknown := sorted(set(source) - PARTS):
            raise PolicyError(
                f"Statement {sid!r} has {', '.join(unknown)}; the laptop evaluates {', '.join(sorted(PARTS))}."
            )
        return cls(
            sid=sid,
            allows=source["Effect"] == "Allow",
            actions=[Pattern(text, re.IGNORECASE) for text in listed(source["Action"])],
            resources=[Pattern(text) for text in listed(source["Resource"])],
            conditions=[
                _condition(sid, operator, key, listed(values), keys)
                for operator, wanted in source.get("Condition", {}).items()
                for key, values in wanted.items()
            ],
        )

    def decide(self, need: Need) -> Decision | None:
        """None if the statement does not match."""
        if not any(action.matches(need.action) for action in self.actions):
            return None
        pattern = next((one.text for one in self.resources if one.matches(need.resource)), None)
        if pattern is None or not all(_holds(one, need.context) for one in self.conditions):
            return None
        return Decision(self.allows, self.sid, pattern)


def decide(statements: Iterable[Statement], need: Need) -> Decision | None:
    """A matching Deny, otherwise the first matching Allow, otherwise None: an implicit deny."""
    decisions = [decision for statement in statements if (decision := statement.decide(need))]
    return min(decisions, key=lambda decision: decision.allowed, default=None)


def listed(value: Any) -> list[Any]:
    """The elements of a policy's list, which may be written as a single value."""
    return value if isinstance(value, list) else [value]


def _condition(sid: str, operator: str, key: str, values: list[Any], keys: re.Pattern[str]) -> Condition:
    if operator.removesuffix(IF_EXISTS) not in OPERATORS:
        raise PolicyError(f"Statement {sid!r} has {operator}; the laptop evaluates {', '.join(OPERATORS)}.")
    if not keys.fullmatch(key):
        raise PolicyError(f"Statement {sid!r} has a condition on {key}, which the laptop does not supply.")
    texts = [str(value).lower() if isinstance(value, bool) else str(value) for value in values]
    return Condition(operator, key, texts, [OPERATORS[operator.removesuffix(IF_EXISTS)](text) for text in texts])


def _holds(condition: Condition, context: Mapping[str, str]) -> bool:
    value = context.get(condition.key)
    if condition.operator == "Null":
        value = str(value is None).lower()
    if value is None:
        return condition.operator.endswith(IF_EXISTS)
    return any(test(value) for test in condition.tests)
