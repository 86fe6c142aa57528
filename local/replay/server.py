"""An HTTP/1.1 server on loopback that serves the recorded tables by the rules of the SingStat API."""

import argparse
import contextlib
import gzip
import socket
import socketserver
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from local.replay.recordings import Row, Table, load_recordings
from local.replay.rules import ROOT, Answer, Request, respond

__all__ = ["Answer", "Replay", "Request", "Row", "Table", "load_recordings"]


class Replay:
    """The server; runs from construction until `close()` or the end of the `with` block.

    `tables` (default: the recordings) are served live: the next response reflects a revised, added or deleted table.
    `requests` lists (path, query) of all requests so far. To inject faults, wrap `answer`:
    `replay.answer = broken(replay.answer)`; raising `ConnectionError` closes the connection without a response.
    """

    def __init__(self, tables: dict[str, Table] | None = None, cells_per_page: int = 5000, port: int = 0) -> None:
        self.tables = load_recordings() if tables is None else tables
        self.cells_per_page = cells_per_page
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.answer: Callable[[Request], Answer] = self._answer
        self._server = _Server(self, port)
        # The default poll interval would delay every close() by up to half a second.
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """The base URL of all endpoints, for example `http://127.0.0.1:40000/api/table`."""
        return f"http://127.0.0.1:{self._server.server_address[1]}{ROOT}"

    def close(self) -> None:
        """Stop the server and close the connections that clients keep alive."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        for connection in list(self._server.connections):
            with contextlib.suppress(OSError):  # the client may have closed it
                connection.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _answer(self, request: Request) -> Answer:
        return respond(request, self.tables, self.cells_per_page)


class _Server(socketserver.ThreadingTCPServer):
    # http.server.HTTPServer would look up the host name when it binds, which may take seconds.
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128  # beyond it, the kernel retries connections only after a second

    def __init__(self, replay: Replay, port: int) -> None:
        self.replay = replay
        self.connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    # One write per response and TCP_NODELAY: separate packets for headers and body can stall 40 ms on kept connections.
    disable_nagle_algorithm = True
    wbufsize = 1 << 22

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        super().finish()

    def do_GET(self) -> None:
        target = urlsplit(self.path)
        request = Request(unquote(target.path), dict(parse_qsl(target.query)), self.headers)
        self.server.replay.requests.append((request.path, request.query))
        answer = self.server.replay.answer(request)
        body = answer.body
        headers = {"Content-Type": answer.content_type}
        if "gzip" in self.headers.get("Accept-Encoding", "") and "Content-Encoding" not in answer.headers:
            body = gzip.compress(body, compresslevel=1, mtime=0)
            headers["Content-Encoding"] = "gzip"
        headers["Content-Length"] = str(len(body))
        self.send_response(answer.status)
        for name, value in (headers | answer.headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: `Replay.requests` has the requests."""


def main() -> None:
    """Serve the recordings until interrupted."""
    parser = argparse.ArgumentParser(description="Serve recorded SingStat responses on loopback until interrupted.")
    parser.add_argument("--port", type=int, default=0, help="default: any free port")
    with Replay(port=parser.parse_args().port) as replay, contextlib.suppress(KeyboardInterrupt):
        sys.stdout.write(f"{replay.url}\n")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    main()
