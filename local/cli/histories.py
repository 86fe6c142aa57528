"""The history of a run on the laptop, with those of its batches of tables."""

from typing import Any

from pipeline.run import history
from pipeline.run.history import History

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
        return history.combine(history.read(self._events), list(self._children.values()))


def read(aws: LocalAWS, execution: str) -> History | None:
    """The history of an execution so far; None before its first event."""
    reader = Reader(aws, execution)
    reader.changed()
    return reader.read()
