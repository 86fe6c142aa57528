"""The worker's side of `.waitForTaskToken`: heartbeats, one result or error, and cancellation."""

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
MAX_INTERVAL_SECONDS = 60


class TaskClosed(Exception):
    """Step Functions rejects the token: the task has timed out or ended, or the token is invalid."""


class Cancellation:
    """A request to all threads to stop, with its reason; the first reason is kept."""

    def __init__(self) -> None:
        self._reason: Exception | None = None
        self._event = threading.Event()

    def cancel(self, reason: Exception) -> None:
        """Ask all threads to stop."""
        self._reason = self._reason or reason
        self._event.set()

    def check(self) -> None:
        """Raise the reason if cancelled."""
        if self._reason:
            raise self._reason

    def wait(self, seconds: float) -> bool:
        """Wait up to `seconds`; true as soon as cancelled."""
        return self._event.wait(seconds)


class TaskToken:
    """One task of an execution, identified by its token."""

    def __init__(self, client: "SFNClient", token: str) -> None:
        self._client, self._token = client, token
        self.heartbeats = 0

    def send_heartbeat(self) -> None:
        """`SendTaskHeartbeat`. Raises `TaskClosed` if the token is rejected."""
        _send(self._client.send_task_heartbeat, taskToken=self._token)
        self.heartbeats += 1

    def send_success(self, result: msgspec.Struct) -> None:
        """`SendTaskSuccess` with the result as JSON; a rejected token is only logged."""
        self._end(self._client.send_task_success, output=msgspec.json.encode(result).decode())

    def send_failure(self, error: Exception) -> None:
        """`SendTaskFailure` with the error's name and Lambda's JSON for an error; a rejected token is only logged."""
        name = type(error).__name__
        cause = json.dumps({"errorMessage": str(error), "errorType": name})
        self._end(self._client.send_task_failure, error=name, cause=cause)

    @contextmanager
    def sending_heartbeats(self, heartbeat_seconds: int, cancellation: Cancellation) -> Iterator[None]:
        """Send heartbeats from a thread while the block runs, the first one at once; cancel if one is rejected.

        `heartbeat_seconds` is the state's `HeartbeatSeconds`: heartbeats are three times as frequent.
        """
        ended, interval = threading.Event(), min(MAX_INTERVAL_SECONDS, heartbeat_seconds / 3)
        threading.Thread(target=self._send_heartbeats, args=(interval, cancellation, ended), daemon=True).start()
        try:
            yield
        finally:
            ended.set()

    def _send_heartbeats(self, interval: float, cancellation: Cancellation, ended: threading.Event) -> None:
        while not ended.is_set():
            try:
                self.send_heartbeat()
            except TaskClosed as closed:
                return cancellation.cancel(closed)
            except (BotoCoreError, ClientError) as error:
                logger.warning("Heartbeat not sent", extra={"error": str(error)})
            ended.wait(interval)
        return None

    def _end(self, send: Callable[..., Any], **result: str) -> None:
        try:
            _send(send, taskToken=self._token, **result)
        except TaskClosed as closed:
            logger.warning("Result rejected", extra={"reason": str(closed)})


def _send(send: Callable[..., Any], **parameters: str) -> None:
    try:
        send(**parameters)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in CLOSED:
            raise TaskClosed(code) from error
        raise
