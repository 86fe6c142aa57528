"""The events of an execution, kept as JSON: as objects they take three times the memory, and a catalogue has many."""

import json
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any

import msgspec
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventManager
from moto.stepfunctions.responses import StepFunctionResponse

EVENTS = 100  # of a page of GetExecutionHistory, unless it is asked for up to 1,000


class Events:
    """A list that can grow, of the events as GetExecutionHistory has them but for their timestamps."""

    def __init__(self, events: Iterable[Any] = ()) -> None:
        self._kept = [msgspec.json.encode(event) for event in events]

    def append(self, event: Any) -> None:
        """Add an event. What is changed in the object later is not kept."""
        self._kept.append(msgspec.json.encode(event))

    def read(self, first: int = 0, after: int | None = None, *, newest_first: bool = False) -> list[Any]:
        """Those from the index `first` to before `after`, as objects of the caller's own."""
        kept = self._kept[::-1] if newest_first else self._kept
        return [msgspec.json.decode(event) for event in kept[first:after]]

    def __len__(self) -> int:
        """How many there are."""
        return len(self._kept)


def recorded(environment: Any) -> Events:
    """The events so far of an interpreter's environment; none if it has not begun."""
    return environment.event_manager._history_event_list if environment else Events()


@cache
def repair() -> None:
    """Install, once per process."""
    _an_execution_keeps_json()
    _get_execution_history_answers_with_it()


def _an_execution_keeps_json() -> None:
    original = EventManager.__init__

    def init(self: Any, *args: Any, **options: Any) -> None:
        original(self, *args, **options)
        self._history_event_list = Events()

    EventManager.__init__ = init


def _get_execution_history_answers_with_it() -> None:
    """The events have the form of the API but for their timestamps; moto copies and converts each, and has no pages."""

    def get_execution_history(self: Any) -> str:
        execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
        events = recorded(execution.exec_worker.env)
        first = int(self._get_param("nextToken") or 0)
        after = first + (self._get_int_param("maxResults") or EVENTS)
        dated = [
            event | {"timestamp": datetime.fromisoformat(event["timestamp"]).timestamp()}
            for event in events.read(first, after, newest_first=self._get_bool_param("reverseOrder"))
        ]
        return json.dumps({"events": dated} | ({"nextToken": str(after)} if after < len(events) else {}))

    StepFunctionResponse.get_execution_history = get_execution_history
