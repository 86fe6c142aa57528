"""The worker's end of the task token: signs of life, one answer, and how all work stops when nobody waits for it."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from pipeline.handler import logger

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

CLOSED = frozenset({"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"})
MAX_INTERVAL = 60


class TaskClosed(Exception):
    """Nobody waits for this token any more: it timed out, was answered, or never was one."""


class Stop:
    """Why all work has to stop, once there is a reason; the first one counts."""

    def __init__(self) -> None:
        self._reason: Exception | None = None
        self._event = threading.Event()

    def set(self, reason: Exception) -> None:
        self._reason = self._reason or reason
        self._event.set()

    def check(self) -> None:
        """Raise the reason, if there is one."""
        if self._reason:
            raise self._reason

    def wait(self, seconds: float) -> bool:
        """Wait so long; True at once when there is a reason."""
        return self._event.wait(seconds)


class TaskToken:
    """One task of the state machine."""

    def __init__(self, client: "SFNClient", token: str) -> None:
        self._client, self._token = client, token
        self.beats = 0

    def beat(self) -> None:
        """Give a sign of life. Raises `TaskClosed` when it is refused."""
        _send(self._client.send_task_heartbeat, taskToken=self._token)
        self.beats += 1

    def succeed(self, result: msgspec.Struct) -> None:
        """Answer with the task's result; nothing happens if nobody waits for it."""
        self._answer(self._client.send_task_success, output=msgspec.json.encode(result).decode())

    def fail(self, error: Exception) -> None:
        """Answer with the error's name and the JSON in which a Lambda describes one; likewise."""
        name = type(error).__name__
        cause = json.dumps({"errorMessage": str(error), "errorType": name})
        self._answer(self._client.send_task_failure, error=name, cause=cause)

    @contextmanager
    def beating(self, heartbeat_seconds: int, stop: Stop) -> Iterator[None]:
        """Give signs of life meanwhile, the first at once, and set `stop` when one is refused."""
        ended, interval = threading.Event(), min(MAX_INTERVAL, heartbeat_seconds / 3)
        threading.Thread(target=self._keep_beating, args=(interval, stop, ended), daemon=True).start()
        try:
            yield
        finally:
            ended.set()

    def _keep_beating(self, interval: float, stop: Stop, ended: threading.Event) -> None:
        while not ended.is_set():
            try:
                self.beat()
            except TaskClosed as closed:
                return stop.set(closed)
            except (BotoCoreError, ClientError) as error:
                logger.warning("A heartbeat was lost", extra={"error": str(error)})
            ended.wait(interval)
        return None

    def _answer(self, send: Callable[..., Any], **answer: str) -> None:
        try:
            _send(send, taskToken=self._token, **answer)
        except TaskClosed as closed:
            logger.warning("The answer was refused", extra={"reason": str(closed)})


def _send(send: Callable[..., Any], **parameters: str) -> None:
    try:
        send(**parameters)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in CLOSED:
            raise TaskClosed(code) from error
        raise
