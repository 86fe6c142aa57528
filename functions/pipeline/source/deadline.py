"""A deadline for the whole answer to an HTTP request, headers and body.

The timeouts of requests and urllib3 limit one read: a server that sends a byte a second never exceeds them.
"""

import io
import socket
import time
from http.client import HTTPResponse
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection


class _Reader(io.RawIOBase):
    """Bytes of a socket until the deadline; the timeout of each read is at most the time left."""

    def __init__(self, answer: io.BufferedReader, connection: socket.socket, seconds: float) -> None:
        self._answer, self._connection = answer, connection
        self._ends, self._longest_read = time.monotonic() + seconds, connection.gettimeout() or seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = max(self._ends - time.monotonic(), 0.001)
        self._connection.settimeout(min(self._longest_read, left))
        return self._answer.readinto1(buffer)

    def close(self) -> None:
        self._answer.close()
        super().close()


class Adapter(HTTPAdapter):
    """An adapter of requests: an answer not complete after `seconds` is a read that timed out."""

    def __init__(self, seconds: float, **options: Any) -> None:
        class Response(HTTPResponse):
            def __init__(self, sock: socket.socket, *args: Any, **named: Any) -> None:
                super().__init__(sock, *args, **named)
                self.fp = io.BufferedReader(_Reader(self.fp, sock, seconds))

        self._connections = {
            "http": type("Connection", (HTTPConnection,), {"response_class": Response}),
            "https": type("Connection", (HTTPSConnection,), {"response_class": Response}),
        }
        super().__init__(**options)

    def get_connection_with_tls_context(self, *args: Any, **options: Any) -> Any:
        """The pool of connections for a request."""
        pool: Any = super().get_connection_with_tls_context(*args, **options)
        pool.ConnectionCls = self._connections[pool.scheme]
        return pool
