"""`singstat serve`: the API on 127.0.0.1 while it is wanted, and the runs that it starts."""

import secrets
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from werkzeug.serving import make_server

from local.cli.run import follow
from local.cloud.account import REGION
from local.cloud.api.gateway import Gateway
from local.cloud.api.integrations import Integrations
from local.cloud.api.signatures import SERVICE, Signatures
from local.cloud.aws import LocalAWS
from local.cloud.front import Handler

API = "AWS::ApiGateway::RestApi"


class Keys(NamedTuple):
    """The access key of the one who may call the API."""

    access: str
    secret: str


class Door(NamedTuple):
    """Where the API is, and who may call it; anyone, if there are no keys."""

    url: str
    keys: Keys | None

    def __str__(self) -> str:
        if not self.keys:
            return self.url
        exports = f"export AWS_ACCESS_KEY_ID={self.keys.access} AWS_SECRET_ACCESS_KEY={self.keys.secret}"
        return f"{self.url}  sign for {SERVICE} in {REGION}: {exports}"


@contextmanager
def serving(aws: LocalAWS, port: int = 0, authenticated: bool = True) -> Iterator[Door]:
    """The API of the stack, on a free port if `port` is 0. At the end the runs that go on are stopped.

    Errors: OSError, the port is taken; StackError, the template has no API.
    """
    keys = Keys(f"AKIA{secrets.token_hex(8).upper()}", secrets.token_hex(20)) if authenticated else None
    runs = _Runs(aws)
    body = aws.apis[aws.resource(aws.stack.only(API))]
    gateway = Gateway(body, Integrations(aws, runs.started), Signatures(*keys) if keys else None)
    with socket.create_server(("127.0.0.1", port)) as bound:  # werkzeug would end the process over a taken port
        server = make_server("127.0.0.1", port, gateway, threaded=True, request_handler=Handler, fd=bound.fileno())
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield Door(f"http://127.0.0.1:{server.port}", keys)
    finally:
        server.shutdown()
        server.server_close()
        runs.stop()


@contextmanager
def until_interrupted() -> Iterator[None]:
    """SIGINT and SIGTERM end the block in order, also where a shell told its background jobs to ignore them."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        yield


class _Runs:
    """Follows every run to its end, so that it can be explained."""

    def __init__(self, aws: LocalAWS) -> None:
        self._aws = aws
        self._following: dict[str, threading.Thread] = {}
        self._lock = threading.Lock()

    def started(self, execution: str, sent: dict[str, Any]) -> None:
        """Follow a run, unless it is followed already."""
        with self._lock:
            if execution in self._following:
                return
            follows = threading.Thread(target=follow, args=(self._aws, execution, sent, lambda *_: None), daemon=True)
            self._following[execution] = follows
        self._aws.rules.follow(execution, self._aws.describe)
        follows.start()

    def stop(self) -> None:
        """Stop the runs that go on, and wait until their stories are kept."""
        for execution, follows in self._following.items():
            if follows.is_alive():
                self._aws.client("stepfunctions").stop_execution(
                    executionArn=execution, error="Stopped", cause="singstat serve ended while the run went on"
                )
            follows.join()
