"""An execution of the state machine: its state visits and task attempts, from GetExecutionHistory."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct, field

from pipeline.contracts.base import Contract
from pipeline.errors import Failure, read_failure

FUNCTION = re.compile(r"-(\w+)Function-")  # CloudFormation names a function <stack>-<logical id>-<suffix>
SCHEDULED = {"LambdaFunctionScheduled", "TaskScheduled"}
ENDED = re.compile(r"(?:LambdaFunction|Task)\w*(Succeeded|Failed|TimedOut)")
NOT_FAILED = {"RUNNING", "PENDING_REDRIVE", "SUCCEEDED"}


class Execution(Contract):
    """An execution's status, the state it entered last, its start and end (ISO 8601), and why it failed."""

    status: str
    state: str
    started_at: str
    ended_at: str | None
    failure: Failure | None


class StateVisit(Struct):
    """All visits to one state: first entered, last left, how often entered (`times`) and left (`done`)."""

    name: str
    entered: datetime
    left: datetime | None = None
    times: int = 1
    done: int = 0


class Try(Struct, kw_only=True):
    """One attempt at a task. `function` is "" unless it invokes a Lambda; `table_id` is its payload's, if it has one.

    `answered` is when the Lambda returned, `ended` when the task ended, which may be later: a task can wait for its
    token. Both are None until then. `launched` is what a Lambda with a token returned, `output` the task's result.
    """

    function: str
    state: str
    began: datetime
    table_id: str = ""
    answered: datetime | None = None
    ended: datetime | None = None
    launched: dict[str, Any] = field(default_factory=dict)
    output: dict[str, Any] = field(default_factory=dict)
    failure: Failure | None = None


class History(Struct, kw_only=True):
    """States by name in the order first entered; `state` is the last one entered, `tasks` counts Task state entries.

    `ending` is how the execution ended, such as `Succeeded` or `TimedOut`; "" while it is running. `map_run` is the ARN
    of the Map Run of a distributed Map, whose `children` are executions of their own; "" if there is none.
    """

    began: datetime
    state: str = ""
    states: dict[str, StateVisit] = field(default_factory=dict)
    tasks: int = 0
    tries: list[Try] = field(default_factory=list)
    ending: str = ""
    map_run: str = ""
    children: int = 0

    @property
    def entered(self) -> int:
        """The number of state entries, repeated visits included."""
        return sum(visit.times for visit in self.states.values())

    def of(self, function: str) -> list[Try]:
        """The attempts that invoked a function, in order."""
        return [each for each in self.tries if each.function == function]


def read(events: Iterable[Mapping[str, Any]]) -> History:
    """Read the events of GetExecutionHistory, oldest first; the oldest may be missing.

    Raises ValueError if there are none.
    """
    history: History | None = None
    states: dict[int, str] = {}
    under_way: dict[int, Try] = {}
    for event in events:
        kind, moment, before = event["type"], event["timestamp"], event.get("previousEventId", 0)
        details: Mapping[str, Any] = next((event[name] for name in event if name.endswith("EventDetails")), {})
        history = history or History(began=moment)
        state, attempt = states.get(before, ""), under_way.pop(before, None)
        if kind.endswith("StateEntered"):
            state = history.state = details["name"]
            history.tasks += kind == "TaskStateEntered"
            _enter(history, state, moment)
        elif kind.endswith("StateExited"):
            state = details["name"]
            _leave(history, state, moment)
        elif kind in SCHEDULED:
            attempt = _scheduled(details, state, moment)
            history.tries.append(attempt)
        elif attempt and kind == "TaskSubmitted":
            attempt.answered, attempt.launched = moment, _json(details).get("Payload", {})
        elif attempt and (ended := ENDED.fullmatch(kind)):
            attempt.answered, attempt.ended, attempt.output = attempt.answered or moment, moment, _json(details)
            if ended[1] != "Succeeded":
                attempt.failure = read_failure(details.get("error") or ended[1], details.get("cause") or "")
            attempt = None
        elif kind == "MapRunStarted":
            history.map_run = details["mapRunArn"]
        elif kind.startswith("Execution"):
            ending = kind.removeprefix("Execution")
            history.ending = "" if ending in ("Started", "Redriven") else ending
        states[event["id"]] = state
        if attempt:
            under_way[event["id"]] = attempt
    if history is None:
        raise ValueError("the history has no event")
    return history


def read_execution(description: Mapping[str, Any], events: Sequence[Mapping[str, Any]]) -> Execution:
    """The execution in DescribeExecution's response and its newest events, in any order."""
    ended = description.get("stopDate")
    return Execution(
        status=description["status"],
        state=read(sorted(events, key=lambda event: event["id"])).state if events else "",
        started_at=description["startDate"].isoformat(timespec="seconds"),
        ended_at=ended.isoformat(timespec="seconds") if ended else None,
        failure=read_ending(description),
    )


def read_ending(description: Mapping[str, Any]) -> Failure | None:
    """Why the execution in DescribeExecution's response failed, None unless it did; its status if it has no error."""
    status = description["status"]
    if status in NOT_FAILED:
        return None
    return read_failure(description.get("error") or status, description.get("cause") or "")


def _enter(history: History, state: str, moment: datetime) -> None:
    if visit := history.states.get(state):
        visit.times += 1
    else:
        history.states[state] = StateVisit(name=state, entered=moment)


def _leave(history: History, state: str, moment: datetime) -> None:
    if visit := history.states.get(state):  # its entry may be older than the oldest event
        visit.left = moment
        visit.done += 1


def _scheduled(details: Mapping[str, Any], state: str, moment: datetime) -> Try:
    parameters = details.get("parameters", "")
    named = FUNCTION.search(parameters or details["resource"])
    payload = _object(parameters).get("Payload", {}) if parameters else _object(details.get("input"))
    return Try(function=named[1] if named else "", state=state, began=moment, table_id=payload.get("table_id", ""))


def _json(details: Mapping[str, Any]) -> dict[str, Any]:
    return _object(details.get("output"))


def _object(text: str | None) -> dict[str, Any]:
    """A JSON object; empty for no text and for any other JSON."""
    value = msgspec.json.decode(text or "{}")
    return value if isinstance(value, dict) else {}
