"""The worker's EC2 instance: Spot interruption notices from its metadata service, and logs to CloudWatch."""

import logging
import os
import threading
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import boto3
import urllib3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from pipeline.aws.http import send
from pipeline.errors import SpotInterrupted
from pipeline.worker.task_token import Cancellation

if TYPE_CHECKING:
    from mypy_boto3_logs.type_defs import InputLogEventTypeDef

METADATA = os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT") or "http://169.254.169.254"
TIMEOUT_SECONDS = 2
POLL_SECONDS = 5


def watch_for_interruption(cancellation: Cancellation) -> None:
    """Cancel when EC2 announces a Spot interruption, two minutes ahead. Returns if there is no metadata service.

    Polls `spot/instance-action` every five seconds, as the EC2 User Guide recommends.
    """
    with suppress(HTTPError):
        announced = _interruption_announced()
        while not announced and not cancellation.wait(POLL_SECONDS):
            with suppress(HTTPError):
                announced = _interruption_announced()
        if announced:
            cancellation.cancel(SpotInterrupted("EC2 announced a Spot interruption"))


def _interruption_announced() -> bool:
    base, lifetime = f"{METADATA.rstrip('/')}/latest", {"X-aws-ec2-metadata-token-ttl-seconds": "60"}
    token = send("PUT", f"{base}/api/token", TIMEOUT_SECONDS, headers=lifetime, retries=False)
    notice = urllib3.request(
        "GET",
        f"{base}/meta-data/spot/instance-action",
        headers={"X-aws-ec2-metadata-token": token.decode()},
        timeout=TIMEOUT_SECONDS,
        retries=False,
    )
    return notice.status == HTTPStatus.OK


class CloudWatchHandler(logging.Handler):
    """Sends log records to a CloudWatch Logs stream every five seconds and on close (`PutLogEvents`).

    Records that cannot be sent are dropped: a failure to log does not fail the worker.
    """

    def __init__(self, group: str, stream: str) -> None:
        super().__init__()
        self._log_stream: Any = {"logGroupName": group, "logStreamName": stream}
        self._client = boto3.client(
            "logs", config=Config(connect_timeout=TIMEOUT_SECONDS, read_timeout=TIMEOUT_SECONDS)
        )
        self._events: list[InputLogEventTypeDef] = []
        self._closed = threading.Event()
        with suppress(BotoCoreError, ClientError):
            self._client.create_log_stream(**self._log_stream)
        threading.Thread(target=self._keep_flushing, daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        """Buffer a record; `logging` holds the handler's lock."""
        self._events.append({"timestamp": int(record.created * 1000), "message": self.format(record)})

    def flush(self) -> None:
        """Send the buffered records."""
        self.acquire()
        events, self._events = sorted(self._events, key=lambda event: event["timestamp"]), []
        self.release()
        if events:
            with suppress(BotoCoreError, ClientError):
                self._client.put_log_events(**self._log_stream, logEvents=events)

    def close(self) -> None:
        """Send the remaining records."""
        self._closed.set()
        self.flush()
        super().close()

    def _keep_flushing(self) -> None:
        while not self._closed.wait(POLL_SECONDS):
            self.flush()
