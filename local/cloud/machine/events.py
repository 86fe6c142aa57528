"""The events of an execution, kept as JSON: as objects they take three times the memory, and a catalogue has many."""

import json
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any

import msgspec
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventManager
from moto.stepfunctions.responses import StepFunctionResponse


class Events:
    """A list that can grow, of the events as GetExecutionHistory has them but for their timestamps."""

    def __init__(self, events: Iterable[Any] = ()) -> None:
        self._kept = [msgspec.json.encode(event) for event in events]

    def append(self, event: Any) -> None:
        """Add an event. What is changed in the object later is not kept."""
        self._kept.append(msgspec.json.encode(event))

    def after(self, number: int = 0) -> list[Any]:
        """All but the first `number`, as objects of the caller's own."""
        return [msgspec.json.decode(event) for event in self._kept[number:]]

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
    """The events have the form of the API but for their timestamps; moto copies and converts each member."""

    def get_execution_history(self: Any) -> str:
        execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
        found = recorded(execution.exec_worker.env).after()
        dated = [event | {"timestamp": datetime.fromisoformat(event["timestamp"]).timestamp()} for event in found]
        return json.dumps({"events": dated})

    StepFunctionResponse.get_execution_history = get_execution_history
