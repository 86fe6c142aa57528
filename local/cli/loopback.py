"""A server on 127.0.0.1 that ends cleanly."""

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NoReturn

from werkzeug.serving import WSGIRequestHandler, make_server

from local.cli.command import interrupt_once

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

LAST_ANSWER_SECONDS = 10


@contextmanager
def listening(application: "WSGIApplication", port: int, handler: type[WSGIRequestHandler]) -> Iterator[str]:
    """Serve within the block, on a free port if `port` is 0; its URL. At its end requests in progress are answered.

    Raises `OSError` if the port is in use.
    """
    connections: dict[socket.socket, threading.Thread] = {}

    class Tracked(handler):  # type: ignore[misc, valid-type]
        def setup(self) -> None:
            connections[self.request] = threading.current_thread()
            super().setup()

        def finish(self) -> None:
            super().finish()
            del connections[self.request]

    try:
        bound = socket.create_server(("127.0.0.1", port))  # werkzeug exits the process if the port is in use
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise OSError(f"port {port} cannot be used ({reason}): choose another with --port, or 0 for any") from error
    with bound:
        server = make_server("127.0.0.1", port, application, threaded=True, request_handler=Tracked, fd=bound.fileno())
    serving = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
        for connection, thread in [*connections.items()]:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RD)  # a browser keeps it open and would never end it
            thread.join(LAST_ANSWER_SECONDS)


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
