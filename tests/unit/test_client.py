"""The client of SingStat against answers that are late, slow, cut or refused, from a scripted socket."""

import datetime
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ipaddress import IPv4Address
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pipeline.errors import SourceMalformed, SourceThrottled, SourceTimeout, SourceUnavailable
from pipeline.source import client
from pipeline.source.client import USER_AGENT, SingStat

BODY = b'{"Data": 1}'
HEAD = b"HTTP/1.1 %s\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n"
Send = Callable[[bytes], None]
Answer = Callable[[Send], None]


def whole(body: bytes = BODY, status: bytes = b"200 OK", headers: bytes = b"") -> Answer:
    return lambda send: send(HEAD % (status, len(body), headers) + body)


def refused(headers: bytes = b"", status: bytes = b"429 Too Many Requests") -> Answer:
    return whole(b"", status, headers)


def drip(after: int) -> Answer:
    """All but the first `after` bytes come one at a time."""

    def answer(send: Send) -> None:
        sent = HEAD % (b"200 OK", len(BODY), b"") + BODY
        send(sent[:after])
        for byte in sent[after:]:
            send(bytes([byte]))
            time.sleep(0.3)

    return answer


def cut(send: Send) -> None:
    send(HEAD % (b"200 OK", len(BODY) + 5, b"") + BODY)


@contextmanager
def serving(answers: list[Answer], tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Gives each request, on a connection of its own, the next answer; the last answer is repeated."""

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            threading.Thread(target=respond, args=(connection, answer), daemon=True).start()

    def respond(connection: socket.socket, answer: Answer) -> None:
        with suppress(OSError), tls.wrap_socket(connection, server_side=True) if tls else connection as one:
            one.recv(1 << 16)
            answer(one.sendall)
            with suppress(OSError):
                one.shutdown(socket.SHUT_WR)

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, daemon=True).start()
        try:
            yield f"http{'s' if tls else ''}://127.0.0.1:{server.getsockname()[1]}"
        finally:
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)


def seconds(call: Callable[[], object]) -> float:
    began = time.monotonic()
    call()
    return time.monotonic() - began


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of 127.0.0.1 and its key, in one file."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.datetime.now(datetime.UTC)
    later = now + datetime.timedelta(hours=1)
    address = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, later)
        .add_extension(address, critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path / "certificate.pem"
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.mark.parametrize(
    "sent",
    ["1.5", "0.2", " 1 ", "-5", "soon", "", "Wed, 99 Foo 2026 00:00:00 GMT", "Fri, 31 Dec 9999999 1:0:0 GMT", "1e9"],
)
def test_any_retry_after_is_retried(sent):
    with serving([refused(f"Retry-After: {sent}\r\n".encode()), whole()]) as url:
        waited = seconds(lambda: SingStat(url, 0, USER_AGENT).metadata("M1000"))

    assert waited >= {"1.5": 1.5, "0.2": 0.2, " 1 ": 1}.get(sent, 0)


@pytest.mark.parametrize("sent", ["3600", "3600.5", "9" * 400, "Fri, 31 Dec 9999 01:00:00 GMT"])
def test_no_retry_after_is_waited_for_longer_than_a_minute(sent, monkeypatch):
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    with serving([refused(f"Retry-After: {sent}\r\n".encode()), whole()]) as url:
        SingStat(url, 0, USER_AGENT).metadata("M1000")

    assert max(waits) <= 60


@pytest.mark.parametrize("after", [0, 30, 76], ids=["the status line", "the headers", "the body"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_answer_that_drips_in_ends_by_name(scheme, after, monkeypatch, certificate):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if scheme == "https" else None
    if tls:
        tls.load_cert_chain(certificate)
    with serving([drip(after)], tls) as url:
        source = SingStat(url, 0, USER_AGENT, answer_seconds=0.5)
        began = time.monotonic()
        with pytest.raises(SourceTimeout, match=r"metadata/M1000 was not complete in 0.5 s"):
            source.metadata("M1000")

    assert time.monotonic() - began > 0.9


def test_an_answer_that_drips_in_once_is_requested_again():
    with serving([drip(76), whole()]) as url:
        assert SingStat(url, 0, USER_AGENT, answer_seconds=0.5).metadata("M1000") == BODY


def test_a_silent_server_ends_by_name(monkeypatch):
    monkeypatch.setattr(client, "READ_SECONDS", 0.3)
    with serving([lambda _: time.sleep(2)]) as url, pytest.raises(SourceTimeout):
        SingStat(url, 0, USER_AGENT).metadata("M1000")


@pytest.mark.parametrize(
    ("answer", "error"),
    [(cut, SourceMalformed), (lambda _: None, SourceUnavailable), (refused(), SourceThrottled)],
    ids=["cut", "closed", "refused"],
)
def test_what_never_passes_is_named(answer, error):
    with serving([answer]) as url, pytest.raises(error):
        SingStat(url, 0, USER_AGENT).metadata("M1000")


@pytest.mark.parametrize("answer", [cut, lambda _: None, refused()], ids=["cut", "closed", "refused"])
def test_what_passes_is_survived(answer):
    with serving([answer, answer, whole()]) as url:
        assert SingStat(url, 0, USER_AGENT).metadata("M1000") == BODY


def test_requests_are_spaced_out_after_a_refusal(monkeypatch):
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    with serving([refused(b"Retry-After: 0.01\r\n"), whole()]) as url:
        source = SingStat(url, 0.4, USER_AGENT)
        for _ in range(3):
            source.metadata("M1000")

    assert waits == pytest.approx([0, 0.01, 0.2, 0.18])


def test_a_proxy_of_the_environment_is_asked_unless_it_excludes_the_host(monkeypatch):
    with serving([whole()]) as proxy:
        monkeypatch.setenv("http_proxy", proxy)
        monkeypatch.setenv("no_proxy", "direct.invalid")

        assert SingStat("http://proxied.invalid", 0, USER_AGENT).metadata("M1000") == BODY
        with pytest.raises(SourceUnavailable):
            SingStat("http://direct.invalid", 0, USER_AGENT).metadata("M1000")


def test_requests_begin_an_interval_apart(monkeypatch):
    """The clock stands still but for the waits."""
    clock = [0.0]
    waits: list[float] = []
    with serving([whole(), whole(), whole()]) as url:
        source = SingStat(url, 0, USER_AGENT, interval=2.5)
        monkeypatch.setattr(
            "pipeline.source.client.time", SimpleNamespace(monotonic=lambda: clock[0], sleep=waits.append)
        )
        source.metadata("M1000")
        clock[0] = 1
        source.metadata("M1000")
        clock[0] = 9
        source.metadata("M1000")

    assert waits == [0, 1.5, 0]
