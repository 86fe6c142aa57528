"""A server on 127.0.0.1 that ends cleanly."""

import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NoReturn

from local.cli.command import interrupt_once
from local.cloud.wsgi import Handler, serving

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


@contextmanager
def listening(application: "WSGIApplication", port: int, handler: type[Handler]) -> Iterator[str]:
    """Serve within the block, on a free port if `port` is 0; its URL. At its end requests in progress are answered.

    Raises `OSError` if the port is in use.
    """
    try:
        bound = socket.create_server(("127.0.0.1", port))  # werkzeug exits the process if the port is in use
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise OSError(f"port {port} cannot be used ({reason}): choose another with --port, or 0 for any") from error
    with serving(application, bound, handler) as url:
        yield url


@contextmanager
def until_interrupted() -> Iterator[None]:
    """SIGINT and SIGTERM end the block cleanly, even if inherited as ignored, as in a shell's background jobs."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt_once)
    with suppress(KeyboardInterrupt):
        yield


def wait() -> NoReturn:
    """Until a signal ends it. One that the system gives to another thread would not end a longer sleep."""
    while True:
        time.sleep(1)
