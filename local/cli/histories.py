"""The history of a run on the laptop, with those of its batches of tables."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

from msgspec.structs import replace
from pipeline.run import history
from pipeline.run.history import History, StateVisit

from local.cloud.aws import LocalAWS


class Reader:
    """Reads the history of one execution again and again while it grows."""

    def __init__(self, aws: LocalAWS, execution: str) -> None:
        self._aws, self._execution = aws, execution
        self._events: list[dict[str, Any]] = []
        self._children: dict[str, History] = {}
        self._seen: list[int] = []

    def changed(self) -> bool:
        """Whether there is more than at the last time."""
        known = self._seen
        self._events += self._aws.history(self._execution, after=len(self._events))
        children = self._aws.children(self._execution)
        self._seen = [len(self._events)]
        for arn, ended in children:
            if arn not in self._children or not self._children[arn].ending or not ended:
                events = self._aws.history(arn)
                if events:
                    self._children[arn] = history.read(events)
                self._seen.append(len(events))
            else:
                self._seen.append(0)
        return self._seen != known

    def read(self) -> History | None:
        """The history as of the last `changed`; None before its first event."""
        if not self._events:
            return None
        return combine(history.read(self._events), list(self._children.values()))


def read(aws: LocalAWS, execution: str) -> History | None:
    """The history of an execution so far; None before its first event."""
    reader = Reader(aws, execution)
    reader.changed()
    return reader.read()


def combine(parent: History, children: Sequence[History]) -> History:
    """An execution with those of its Map Run: their states, in the order first entered, and their attempts."""
    states: dict[str, StateVisit] = {}
    for each in (parent, *children):
        for visit in each.states.values():
            states[visit.name] = _both(states[visit.name], visit) if visit.name in states else visit
    return replace(
        parent,
        states={visit.name: visit for visit in sorted(states.values(), key=lambda visit: visit.entered)},
        tasks=sum(each.tasks for each in (parent, *children)),
        tries=sorted(chain.from_iterable(each.tries for each in (parent, *children)), key=lambda each: each.began),
        children=len(children),
    )


def _both(one: StateVisit, other: StateVisit) -> StateVisit:
    left = [visit.left for visit in (one, other) if visit.left]
    return StateVisit(
        name=one.name,
        entered=min(one.entered, other.entered),
        left=max(left, default=None),
        times=one.times + other.times,
        done=one.done + other.done,
    )
