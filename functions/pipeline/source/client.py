"""HTTP client of SingStat's Table Builder API, with deadlines, retries and a pace."""

import re
import time
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import urlencode

from urllib3 import BaseHTTPResponse, Retry, Timeout
from urllib3.exceptions import DecodeError, HTTPError, ProtocolError, ReadTimeoutError, SSLError

from pipeline.errors import (
    SourceMalformed,
    SourceRefused,
    SourceThrottled,
    SourceTimeout,
    SourceUnavailable,
    TableNotFound,
)
from pipeline.source import deadline

USER_AGENT = "singstat-pipeline/1.0 (official statistics; AWS SAM application)"  # also the template's default
CONNECT_SECONDS, READ_SECONDS = 5, 30
ANSWER_SECONDS = 45  # also the template's default
MAX_BODY_BYTES = 64 * 1024 * 1024
BODY_ATTEMPTS = 3
MAX_CONNECTIONS = 16  # kept open, as many as the template allows a worker
SLOWEST_PACE = 4  # in backoffs, between two requests
RETRYABLE = frozenset({408, 425, 429, *range(500, 600)})
SECONDS = re.compile(r"[0-9]{1,300}(\.[0-9]{1,300})?", re.ASCII)


class _Retry(Retry):
    RETRY_AFTER_STATUS_CODES = frozenset({429, 503})

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        """Seconds or a date; None, so the backoff applies, for anything else. urllib3 fails on a fraction."""
        sent = response.headers.get("Retry-After", "").strip()
        if SECONDS.fullmatch(sent):
            return min(float(sent), self.retry_after_max)
        with suppress(HTTPError, ValueError, OverflowError):
            return super().get_retry_after(response)
        return None

    def increment(self, *request: Any, **failed: Any) -> Self:
        """A read that timed out is not repeated here, where five attempts would take minutes."""
        if isinstance(error := failed.get("error"), ReadTimeoutError):
            raise error
        return super().increment(*request, **failed)


class SingStat:
    """The API at `url`. Each method returns a response body verbatim.

    Raises `SourceTimeout` if an answer is twice not complete in time, `SourceThrottled` for 429 after retries,
    `SourceUnavailable` if there is no response or, after retries, a status 408, 425 or 5xx, `TableNotFound` for 404,
    `SourceRefused` for any other status but 200, and `SourceMalformed` for a body that is not JSON, is truncated three
    times or is larger than 64 MiB.
    """

    def __init__(
        self,
        url: str,
        backoff_seconds: float,
        user_agent: str,
        answer_seconds: float = ANSWER_SECONDS,
        interval: float = 0,
    ) -> None:
        """`backoff_seconds` is the base of the exponential backoff between retries, and its jitter.

        An answer must be complete, headers and body, in `answer_seconds`. Requests begin at least `interval` seconds
        apart.

        After a 429, requests are also spaced out, by at most four times that; each success shortens the pause.
        """
        retry = _Retry(
            total=4,
            status_forcelist=RETRYABLE,
            backoff_factor=backoff_seconds,
            backoff_jitter=backoff_seconds,
            backoff_max=30,
            retry_after_max=60,
            raise_on_status=False,
        )
        self.url = url
        self._answer, self._backoff, self._pace = answer_seconds, backoff_seconds, 0.0
        self._interval, self._began = interval, float("-inf")
        self._agent = user_agent
        self._connections = deadline.connections(
            url,
            answer_seconds,
            headers={"User-Agent": user_agent, "Accept": "application/json", "Accept-Encoding": "gzip, deflate"},
            maxsize=MAX_CONNECTIONS,
            retries=retry,
            timeout=Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
        )

    def metadata(self, table_id: str) -> bytes:
        """`GET /metadata/{id}`: title, frequency, vintage and number of cells."""
        return self._get(f"metadata/{table_id}", {})

    def tabledata(self, table_id: str, offset: int = 0, limit: int | None = None) -> bytes:
        """`GET /tabledata/{id}`: the page that starts at cell `offset`.

        The first page is requested without parameters: its response reports the server's limit.
        """
        parameters = {"offset": offset, "limit": limit}
        return self._get(f"tabledata/{table_id}", {name: number for name, number in parameters.items() if number})

    def search(self, words: str) -> bytes:
        """`GET /resourceid`: all tables whose title contains the words. Takes 7 to 10 s; there is no paging."""
        return self._get("resourceid", {"keyword": words, "searchOption": "title"})

    def _get(self, path: str, query: Mapping[str, int | str]) -> bytes:
        url = f"{self.url}/{path}{'?' if query else ''}{urlencode(query)}"
        for attempt in range(BODY_ATTEMPTS):
            self._wait()
            try:
                with self._connections.request("GET", url, redirect=False, preload_content=False) as response:
                    self._set_pace(response)
                    self._check(response, url)
                    return _read(response)
            except ReadTimeoutError as error:
                if attempt:
                    raise SourceTimeout(f"the answer to {path} was not complete in {self._answer:g} s") from error
            except (ProtocolError, DecodeError, SSLError):  # a truncated body is requested again
                continue
            except HTTPError as error:
                raise SourceUnavailable(f"no connection to {self.url}: {_reason(error)}") from error
        raise SourceMalformed(f"the body of {path} was truncated {BODY_ATTEMPTS} times")

    def _wait(self) -> None:
        time.sleep(max(self._pace, self._began + self._interval - time.monotonic(), 0))
        self._began = time.monotonic()

    def _set_pace(self, response: BaseHTTPResponse) -> None:
        retried = response.retries.history if response.retries else ()
        if HTTPStatus.TOO_MANY_REQUESTS in (response.status, *(past.status for past in retried)):
            self._pace = min(2 * self._pace + self._backoff / 2, SLOWEST_PACE * self._backoff)
        else:
            self._pace *= 0.9

    def _check(self, response: BaseHTTPResponse, url: str) -> None:
        status = response.status
        if status == HTTPStatus.OK:
            return
        if status == HTTPStatus.NOT_FOUND:
            raise TableNotFound("SingStat has no such table (404)")
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            raise SourceThrottled("SingStat answered 429, too many requests, each time")
        if status in RETRYABLE:
            raise SourceUnavailable(f"SingStat answered {status} each time")
        raise SourceRefused(f"SingStat answered {status} to GET {url} from User-Agent {self._agent!r}")


def _read(response: BaseHTTPResponse) -> bytes:
    body = bytearray()
    for chunk in response.stream(1 << 16):
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise SourceMalformed(f"the body is larger than {MAX_BODY_BYTES >> 20} MiB")
    if "json" not in response.headers.get("Content-Type", "").lower():
        raise SourceMalformed(f"the body is {response.headers.get('Content-Type')}, not JSON: {bytes(body[:60])!r}")
    return bytes(body)


def _reason(error: HTTPError) -> str:
    """The innermost cause on one line: urllib3 names the request and the connection before it."""
    return str(getattr(error, "reason", error)).rsplit(": ", 1)[-1]
