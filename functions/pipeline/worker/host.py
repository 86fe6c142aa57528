"""The EC2 instance under a worker: AWS's notice that it takes the instance back, and a log in CloudWatch."""

import logging
import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import boto3
import requests
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from requests.exceptions import RequestException

from pipeline.errors import SpotInterrupted
from pipeline.worker.task_token import Stop

if TYPE_CHECKING:
    from mypy_boto3_logs.type_defs import InputLogEventTypeDef

METADATA = os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT") or "http://169.254.169.254"
ANSWER_SECONDS = 2
POLL_SECONDS = 5


def watch_for_interruption(stop: Stop) -> None:
    """Set `stop` when AWS announces the end of this instance. Ends at once where there is no metadata service."""
    with suppress(RequestException):
        noticed = _noticed()
        while not noticed and not stop.wait(POLL_SECONDS):
            with suppress(RequestException):
                noticed = _noticed()
        if noticed:
            stop.set(SpotInterrupted("AWS takes the instance back"))


def _noticed() -> bool:
    base, lifetime = f"{METADATA.rstrip('/')}/latest", {"X-aws-ec2-metadata-token-ttl-seconds": "60"}
    token = requests.put(f"{base}/api/token", headers=lifetime, timeout=ANSWER_SECONDS)
    token.raise_for_status()
    notice = requests.get(
        f"{base}/meta-data/spot/instance-action",
        headers={"X-aws-ec2-metadata-token": token.text},
        timeout=ANSWER_SECONDS,
    )
    return bool(notice.status_code == requests.codes.ok)


class CloudWatch(logging.Handler):
    """Sends records to a log stream every few seconds and at the end. What cannot be sent is lost, not the work."""

    def __init__(self, group: str, stream: str) -> None:
        super().__init__()
        self._place: Any = {"logGroupName": group, "logStreamName": stream}
        self._client = boto3.client("logs", config=Config(connect_timeout=ANSWER_SECONDS, read_timeout=ANSWER_SECONDS))
        self._events: list[InputLogEventTypeDef] = []
        self._closed = threading.Event()
        with suppress(BotoCoreError, ClientError):
            self._client.create_log_stream(**self._place)
        threading.Thread(target=self._keep_flushing, daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record; logging calls this with the handler's lock held."""
        self._events.append({"timestamp": int(record.created * 1000), "message": self.format(record)})

    def flush(self) -> None:
        """Send what has been taken."""
        self.acquire()
        events, self._events = sorted(self._events, key=lambda event: event["timestamp"]), []
        self.release()
        if events:
            with suppress(BotoCoreError, ClientError):
                self._client.put_log_events(**self._place, logEvents=events)

    def close(self) -> None:
        """Send the rest."""
        self._closed.set()
        self.flush()
        super().close()

    def _keep_flushing(self) -> None:
        while not self._closed.wait(POLL_SECONDS):
            self.flush()
