"""What the laptop's HTTP servers share: their handler, a request, and the response of a route in front of moto."""

import io
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote_to_bytes, urlsplit

from botocore.awsrequest import AWSPreparedRequest
from werkzeug.exceptions import InternalServerError
from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

LAST_ANSWER_SECONDS = 10
BODILESS = ("204", "304")


class Handler(WSGIRequestHandler):
    """Without a request log and Nagle's algorithm, which would add 40 ms per request; keeps the connection.

    werkzeug closes each connection: a client then needs another, and the server another thread, for each request.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16  # headers and a short body are sent together

    def log(self, *_: Any, **__: Any) -> None:
        """Log nothing."""

    def log_request(self, *_: Any) -> None:
        """Log nothing, without first decoding the address for it."""

    def handle_expect_100(self) -> bool:
        """Ask for the body at once: boto3 waits for that before it sends one."""
        go_on = super().handle_expect_100()
        self.wfile.flush()
        return go_on

    def run_wsgi(self) -> None:
        """Respond to one request, whose body is read whole: the next request follows it."""
        self.environ = environ = self.make_environ()
        source = environ["wsgi.input"]
        body = source.read() if source is not self.rfile else source.read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        started: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
            started.extend((status, headers))

        try:
            content = self.server.app(environ, start)
        except Exception:  # noqa: BLE001 - the client is told, as by werkzeug
            content = InternalServerError()(environ, start)
        status, headers = started[-2:]
        self.send_response(int(status[:3]), status[4:])
        for name, value in headers:
            self.send_header(name, value)
        bodiless = self.command == "HEAD" or status.startswith(BODILESS)
        if not bodiless and not any(name.lower() == "content-length" for name, _ in headers):
            self.send_header("Connection", "close")  # which ends the body
        self.end_headers()
        for part in content:
            self.wfile.write(part)
        if hasattr(content, "close"):
            content.close()


@contextmanager
def serving(application: "WSGIApplication", bound: socket.socket, handler: type[Handler]) -> Iterator[str]:
    """Serve on a socket within the block; the URL. At its end requests in progress are answered."""
    connections: dict[socket.socket, threading.Thread] = {}

    class Tracked(handler):  # type: ignore[misc, valid-type]
        def setup(self) -> None:
            connections[self.request] = threading.current_thread()
            super().setup()

        def finish(self) -> None:
            super().finish()
            del connections[self.request]

    with bound:
        server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Tracked, fd=bound.fileno())
    closing = threading.Event()

    def accept() -> None:
        while not closing.is_set():
            server.handle_request()  # sleeps until there is one: serve_forever would look every few milliseconds

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        closing.set()
        socket.create_connection(("127.0.0.1", server.port)).close()  # wakes it
        accepting.join()
        server.server_close()
        for connection, thread in [*connections.items()]:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RD)  # a client keeps it open and would never end it
            thread.join(LAST_ANSWER_SECONDS)


class Response(NamedTuple):
    """The response of a route in front of moto: status line such as `200 OK`, headers without Content-Length, body."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes


def environ_of(request: AWSPreparedRequest) -> dict[str, Any]:
    """The WSGI environment of a request that a boto3 client is about to send."""
    url, body = urlsplit(request.url), _body(request)
    headers = {
        f"HTTP_{name.upper().replace('-', '_')}": value.decode() if isinstance(value, bytes) else value
        for name, value in request.headers.items()
    }
    return headers | {
        "REQUEST_METHOD": request.method,
        "RAW_URI": request.url.removeprefix(f"{url.scheme}://{url.netloc}"),
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(url.path).decode("latin-1"),
        "QUERY_STRING": url.query,
        "CONTENT_TYPE": headers.get("HTTP_CONTENT_TYPE", ""),
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_HOST": url.netloc,
        "SERVER_NAME": url.hostname,
        "SERVER_PORT": str(url.port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": url.hostname,
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": io.BytesIO(body),
    }


def _body(request: AWSPreparedRequest) -> bytes:
    body: Any = request.body or b""
    data: str | bytes = body.read() if hasattr(body, "read") else body
    return data.encode() if isinstance(data, str) else data
