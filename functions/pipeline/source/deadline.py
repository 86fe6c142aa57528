"""A deadline for the whole answer to an HTTP request, headers and body.

The timeouts of urllib3 limit one read: a server that sends a byte a second never exceeds them.
"""

import io
import socket
import time
from http.client import HTTPResponse
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, ProxyManager
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


def connections(url: str, seconds: float, **options: Any) -> PoolManager:
    """Connections to `url`, by the proxy that the environment names for it; `options` are those of urllib3.

    An answer that is not complete after `seconds` is a read that timed out.
    """

    class Response(HTTPResponse):
        def __init__(self, sock: socket.socket, *args: Any, **named: Any) -> None:
            super().__init__(sock, *args, **named)
            self.fp = io.BufferedReader(_Reader(self.fp, sock, seconds))

    class Connection(HTTPConnection):
        response_class = Response

    class SecureConnection(HTTPSConnection):
        response_class = Response

    class Pool(HTTPConnectionPool):
        ConnectionCls = Connection

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = SecureConnection

    address = urlsplit(url)
    proxy = None if proxy_bypass(address.hostname or "") else getproxies().get(address.scheme)
    manager = ProxyManager(proxy, **options) if proxy else PoolManager(**options)
    manager.pool_classes_by_scheme = {"http": Pool, "https": SecurePool}
    return manager
