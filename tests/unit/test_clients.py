"""Clients of AWS services, against a server on loopback."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pipeline.aws.clients import client


class Bucket(BaseHTTPRequestHandler):
    """Stores what is put, unless asked beforehand whether it would."""

    protocol_version = "HTTP/1.1"
    stored: dict[str, bytes] = {}  # noqa: RUF012 - the handler is made anew for each connection

    def handle_expect_100(self) -> bool:
        self.send_error(417)
        return False

    def do_PUT(self) -> None:
        self.stored[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()


@pytest.fixture
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Bucket) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_an_object_is_put_with_one_request(url):
    known = dict.fromkeys(("aws_access_key_id", "aws_secret_access_key"), "k")
    s3 = client("s3", endpoint_url=url, region_name="ap-southeast-1", **known)

    s3.put_object(Bucket="b", Key="k", Body=b"page")

    assert Bucket.stored == {"/b/k": b"page"}
