"""An execution's history, sorted: how many states were entered, and every try of a task with what came of it."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct, field

from pipeline.contracts.base import Contract

FUNCTION = re.compile(r"-(\w+)Function-")  # CloudFormation names a function <stack>-<logical id>-<suffix>
SCHEDULED = {"LambdaFunctionScheduled", "TaskScheduled"}
ENDED = re.compile(r"(LambdaFunction|Task)\w*(Succeeded|Failed|TimedOut)")


class Execution(Contract):
    """An execution: the state last entered, when it began and ended (ISO), and why it failed.

    `error` and `cause` are empty unless it failed; `cause` may be a Lambda's JSON description of its error.
    """

    status: str
    state: str
    started_at: str
    ended_at: str | None
    error: str
    cause: str


class Try(Struct, kw_only=True):
    """One try of a task. `function` is "" for a call that is no Lambda.

    `answered`: when the Lambda returned; `ended`: when the task did, which may wait for its token. None: not yet.
    """

    function: str
    began: datetime
    answered: datetime | None = None
    ended: datetime | None = None
    launched: dict[str, Any] = field(default_factory=dict)
    output: dict[str, Any] = field(default_factory=dict)


class History(Struct, kw_only=True):
    """`ending` is the last word of the execution's own event, as `Succeeded`; "" while it runs."""

    began: datetime
    entered: list[str] = field(default_factory=list)
    tasks: int = 0
    tries: list[Try] = field(default_factory=list)
    ending: str = ""

    def of(self, function: str) -> list[Try]:
        """The tries of one function, in their order."""
        return [each for each in self.tries if each.function == function]


def read(events: Iterable[Mapping[str, Any]]) -> History:
    """The history that GetExecutionHistory tells, oldest event first. Raises `ValueError` when there is none."""
    history: History | None = None
    under_way: dict[int, Try] = {}
    for event in events:
        kind, moment = event["type"], event["timestamp"]
        details: Mapping[str, Any] = next((event[name] for name in event if name.endswith("EventDetails")), {})
        history = history or History(began=moment)
        attempt = under_way.pop(event.get("previousEventId", 0), None)
        if kind.endswith("StateEntered"):
            history.entered.append(details["name"])
            history.tasks += kind == "TaskStateEntered"
        elif kind in SCHEDULED:
            attempt = Try(function=_function(details), began=moment)
            history.tries.append(attempt)
        elif attempt and kind == "TaskSubmitted":
            attempt.answered, attempt.launched = moment, _json(details).get("Payload", {})
        elif attempt and ENDED.fullmatch(kind):
            attempt.answered, attempt.ended, attempt.output = attempt.answered or moment, moment, _json(details)
            attempt = None
        elif kind.startswith("Execution"):
            ending = kind.removeprefix("Execution")
            history.ending = "" if ending in ("Started", "Redriven") else ending
        if attempt:
            under_way[event["id"]] = attempt
    if history is None:
        raise ValueError("the history has no event")
    return history


def _function(details: Mapping[str, Any]) -> str:
    named = FUNCTION.search(details["parameters"] if "parameters" in details else details["resource"])
    return named[1] if named else ""


def _json(details: Mapping[str, Any]) -> dict[str, Any]:
    """A task's output; empty when it has none, or one that is no object."""
    output = msgspec.json.decode(details.get("output") or "{}")
    return output if isinstance(output, dict) else {}
