"""`singstat serve`: the API on 127.0.0.1, and the runs started through it."""

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from local.cli.loopback import listening
from local.cli.output import note
from local.cli.run import follow, how_to_go_on
from local.cloud.account import REGION
from local.cloud.api.gateway import Gateway
from local.cloud.api.integrations import Integrations
from local.cloud.api.signatures import SERVICE, Signatures
from local.cloud.aws import LocalAWS
from local.cloud.moto_app import MotoHandler

API = "AWS::ApiGateway::RestApi"


class Keys(NamedTuple):
    """The access key that may call the API."""

    access: str
    secret: str


class Endpoint(NamedTuple):
    """The URL of the API and the keys to sign requests with; None: it accepts unsigned requests."""

    url: str
    keys: Keys | None

    def fields(self) -> dict[str, Any]:
        """What `singstat serve --json` prints."""
        return {"url": self.url, "service": SERVICE, "region": REGION, "keys": self.keys and self.keys._asdict()}

    def __str__(self) -> str:
        if not self.keys:
            return self.url
        exports = f"export AWS_ACCESS_KEY_ID={self.keys.access} AWS_SECRET_ACCESS_KEY={self.keys.secret}"
        return f"{self.url}  sign for {SERVICE} in {REGION}: {exports}"


@contextmanager
def serving(aws: LocalAWS, port: int = 0, authenticated: bool = True) -> Iterator[Endpoint]:
    """Serve the stack's API, on a free port if `port` is 0. Runs still in progress at the end are stopped.

    Raises `OSError` if the port is in use, `StackError` if the template has no API.
    """
    keys = Keys(f"AKIA{secrets.token_hex(8).upper()}", secrets.token_hex(20)) if authenticated else None
    runs = _Runs(aws)
    body = aws.apis[aws.resource(aws.stack.only(API))]
    gateway = Gateway(body, Integrations(aws, runs.started), Signatures(*keys) if keys else None)
    try:
        with listening(gateway, port, MotoHandler) as url:
            yield Endpoint(url, keys)
    finally:
        runs.stop()


class _Runs:
    """Follows every run to its end, which stores its story for `singstat explain`."""

    def __init__(self, aws: LocalAWS) -> None:
        self._aws = aws
        self._following: dict[str, threading.Thread] = {}
        self._lock = threading.Lock()

    def started(self, execution: str, sent: dict[str, Any]) -> None:
        """Follow a run, unless it is already followed."""
        with self._lock:
            if execution in self._following:
                return
            follows = threading.Thread(target=follow, args=(self._aws, execution, sent, lambda *_: None), daemon=True)
            self._following[execution] = follows
        self._aws.rules.follow(execution, self._aws.describe)
        follows.start()

    def stop(self) -> None:
        """Stop the runs in progress and wait until their stories are stored."""
        for execution, follows in self._following.items():
            if follows.is_alive():
                self._aws.stop(execution, "singstat serve ended while the run was in progress")
                note(how_to_go_on(execution))
            follows.join()
