"""HTTP to addresses that AWS hands out: presigned URLs and an instance's metadata service."""

from http import HTTPStatus
from typing import Any

import urllib3
from urllib3.exceptions import HTTPError


def send(method: str, url: str, seconds: float, **options: Any) -> bytes:
    """The body of the answer; `seconds` limit each read. Raises urllib3's `HTTPError` without an answer of 200."""
    answer = urllib3.request(method, url, timeout=seconds, **options)
    if answer.status != HTTPStatus.OK:
        raise HTTPError(f"{answer.status} to {method} {url.partition('?')[0]}")
    return answer.data
