"""Identity policies: their statements, and which of them decides about a need."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

# Keys that needs.py gives wherever AWS does. Any other would never hold here, or hold on AWS alone.
CONDITION_KEYS = re.compile(
    r"s3:prefix|iam:PassedToService|ec2:LaunchTemplate|ec2:CreateAction|aws:(Resource|Request)Tag/.+"
    r"|aws:CalledVia|kms:ViaService"
)
PARTS = {"Sid", "Effect", "Action", "Resource", "Condition"}


class PolicyError(ValueError):
    """A policy says something that the laptop cannot judge."""


class Need(NamedTuple):
    """An action on a resource that a call needs; `context` has the condition keys, `implied_by` the call, if AWS makes
    this one in its caller's name.
    """

    action: str
    resource: str
    context: Mapping[str, str] = {}
    implied_by: str = ""


class Decision(NamedTuple):
    """What a statement says of a need, and by which of its resource patterns."""

    allowed: bool
    sid: str
    pattern: str


class Pattern:
    """Text in which `*` stands for any text and `?` for any character."""

    def __init__(self, text: str, flags: re.RegexFlag = re.NOFLAG) -> None:
        self.text = text
        translated = re.escape(text).replace(r"\*", ".*").replace(r"\?", ".")
        self.matches: Callable[[str], Any] = re.compile(translated, re.DOTALL | flags).fullmatch


class Condition(NamedTuple):
    """That the value of a key fits one of some values."""

    operator: str
    key: str
    values: list[str]
    tests: list[Callable[[str], Any]]


def _equals(text: str) -> Callable[[str], Any]:
    return text.__eq__


def _like(text: str) -> Callable[[str], Any]:
    return Pattern(text).matches


# A key that has several values has at most one here, so what holds for any of them holds for it.
OPERATORS = {
    "StringEquals": _equals,
    "StringLike": _like,
    "ArnEquals": _like,
    "ArnLike": _like,
    "ForAnyValue:StringEquals": _equals,
}


@dataclass(frozen=True)
class Statement:
    """One statement, ready to be asked."""

    sid: str
    allows: bool
    actions: list[Pattern]
    resources: list[Pattern]
    conditions: list[Condition]

    @classmethod
    def read(cls, source: Mapping[str, Any]) -> "Statement":
        """A statement of a policy document. Errors: PolicyError names what the laptop does not know."""
        sid = str(source.get("Sid", ""))
        if unknown := sorted(set(source) - PARTS):
            raise PolicyError(
                f"Statement {sid!r} has {', '.join(unknown)}: the laptop knows {', '.join(sorted(PARTS))}."
            )
        return cls(
            sid=sid,
            allows=source["Effect"] == "Allow",
            actions=[Pattern(text, re.IGNORECASE) for text in listed(source["Action"])],
            resources=[Pattern(text) for text in listed(source["Resource"])],
            conditions=[
                _condition(sid, operator, key, listed(values))
                for operator, keys in source.get("Condition", {}).items()
                for key, values in keys.items()
            ],
        )

    def decide(self, need: Need) -> Decision | None:
        """None if the statement is not about the need."""
        if not any(action.matches(need.action) for action in self.actions):
            return None
        pattern = next((one.text for one in self.resources if one.matches(need.resource)), None)
        if pattern is None or not all(_holds(one, need.context) for one in self.conditions):
            return None
        return Decision(self.allows, self.sid, pattern)


def decide(statements: Iterable[Statement], need: Need) -> Decision | None:
    """A statement that denies, else the first that allows, else None, which denies too."""
    decisions = [decision for statement in statements if (decision := statement.decide(need))]
    return min(decisions, key=lambda decision: decision.allowed, default=None)


def listed(value: Any) -> list[Any]:
    """A policy's list, which may be written as a single value."""
    return value if isinstance(value, list) else [value]


def _condition(sid: str, operator: str, key: str, values: list[str]) -> Condition:
    if operator not in OPERATORS:
        raise PolicyError(f"Statement {sid!r} has {operator}: the laptop knows {', '.join(OPERATORS)}.")
    if not CONDITION_KEYS.fullmatch(key):
        raise PolicyError(f"Statement {sid!r} has a condition on {key}, which the laptop does not know.")
    return Condition(operator, key, values, [OPERATORS[operator](value) for value in values])


def _holds(condition: Condition, context: Mapping[str, str]) -> bool:
    value = context.get(condition.key)
    return value is not None and any(test(value) for test in condition.tests)
