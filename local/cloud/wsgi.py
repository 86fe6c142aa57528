"""What the laptop's HTTP servers share: their handler, a request, and the response of a route in front of moto."""

import io
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes, urlsplit

from botocore.awsrequest import AWSPreparedRequest
from werkzeug.serving import WSGIRequestHandler


class Handler(WSGIRequestHandler):
    """Keep-alive, no request log, and no Nagle algorithm, which would add 40 ms per request."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log(self, *_: Any, **__: Any) -> None:
        """Log nothing."""


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
