"""The response of a route in front of moto."""

from typing import NamedTuple


class Response(NamedTuple):
    """A complete HTTP response: status line such as `200 OK`, headers without Content-Length, body."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes
