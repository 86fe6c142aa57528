"""The answer of a route that stands in front of moto."""

from typing import NamedTuple


class Response(NamedTuple):
    """A complete HTTP answer: a status line such as `200 OK`, headers without Content-Length, the body."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes
