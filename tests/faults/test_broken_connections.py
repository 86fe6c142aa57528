"""Connections that break, and bytes that are no HTTP: the client retries, then fails by name; it never hangs."""

import json
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pipeline.errors import SourceError, SourceMalformed, SourceUnavailable
from pipeline.source.client import USER_AGENT, SingStat
from pipeline.source.responses import read_page

GOOD = json.dumps({"Data": "No records found", "DataCount": 0, "StatusCode": 200}).encode()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n" % len(GOOD) + GOOD

UNAVAILABLE = {
    "closed at once": b"",
    "closed in the status line": b"HTTP/1.1 20",
    "no HTTP": b"220 smtp.example ready\r\n\r\n",
    "HTTP/0.9": GOOD,
    "a status that is no number": b"HTTP/1.1 OK fine\r\n\r\n",
    "a line without end": b"HTTP/1.1 200 " + b"O" * (1 << 17),
    "a header of 128 kB": b"HTTP/1.1 200 OK\r\nX: " + b"x" * (1 << 17) + b"\r\n\r\n",
    "a thousand headers": b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: x\r\n" % n for n in range(1000)) + b"\r\n",
}
MALFORMED = {
    "closed in the headers": b"HTTP/1.1 200 OK\r\nContent-Ty",
    "body cut": HEAD + b"Content-Length: 999\r\n\r\n" + GOOD,
    "no length and half a body": HEAD + b"\r\n" + GOOD[:20],
    "a length that is no number": HEAD + b"Content-Length: many\r\n\r\n" + GOOD[:20],
    "a negative length": HEAD + b"Content-Length: -5\r\n\r\n" + GOOD[:20],
    "chunks cut": HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(GOOD) + GOOD,
    "a chunk of no number": HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + GOOD + b"\r\n0\r\n\r\n",
    "a chunk that is too short": HEAD + b"Transfer-Encoding: chunked\r\n\r\nfff\r\n" + GOOD + b"\r\n0\r\n\r\n",
    "gzip cut": HEAD
    + b"Content-Encoding: gzip\r\nContent-Length: 12\r\n\r\n\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\x56",
    "gzip of nothing": HEAD + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnone",
    "deflate that is none": HEAD + b"Content-Encoding: deflate\r\nContent-Length: 4\r\n\r\nnone",
}


@contextmanager
def serving(*answers: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """A server that sends these bytes on one connection after the other, the last ones for ever; URL and requests."""
    requests: list[bytes] = []

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            requests.append(self.request.recv(1 << 16))
            self.request.sendall(answers[min(len(requests), len(answers)) - 1])

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", requests
        finally:
            server.shutdown()


def ask(url: str) -> bytes:
    return SingStat(url, 0, USER_AGENT).metadata("M810001")


def assert_named(raised: pytest.ExceptionInfo[SourceError]) -> None:
    failure = raised.value.failure("DownloadTable", "M810001")
    assert failure.cause
    assert failure.next_step
    assert "\n" not in failure.sentence
    assert "object at 0x" not in failure.sentence


@pytest.mark.parametrize("answer", UNAVAILABLE.values(), ids=UNAVAILABLE)
def test_a_connection_without_an_answer(answer):
    with serving(answer) as (url, requests), pytest.raises(SourceUnavailable) as raised:
        ask(url)

    assert_named(raised)
    assert 2 <= len(requests) <= 15


@pytest.mark.parametrize("answer", MALFORMED.values(), ids=MALFORMED)
def test_an_answer_without_an_end(answer):
    with serving(answer) as (url, requests), pytest.raises((SourceMalformed, SourceUnavailable)) as raised:
        read_page(ask(url))

    assert_named(raised)
    assert len(requests) <= 15


@pytest.mark.parametrize(
    "answer",
    [UNAVAILABLE["closed at once"], UNAVAILABLE["no HTTP"], MALFORMED["chunks cut"], MALFORMED["body cut"]],
    ids=["closed", "no HTTP", "chunks cut", "body cut"],
)
def test_what_breaks_once_is_asked_for_again(answer):
    with serving(answer, WHOLE) as (url, requests):
        assert ask(url) == GOOD

    assert len(requests) == 2


def test_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(SourceUnavailable) as raised:
        ask(f"http://127.0.0.1:{port}")

    assert_named(raised)


def test_a_name_that_is_none():
    with pytest.raises(SourceUnavailable) as raised:
        ask("http://no-such-host.invalid")

    assert_named(raised)


def test_a_certificate_that_is_none():
    with serving(b"HTTP/1.1 400 Bad Request\r\n\r\n") as (url, _), pytest.raises(SourceUnavailable) as raised:
        ask(url.replace("http://", "https://"))

    assert_named(raised)
