"""HTTP client of SingStat's Table Builder API, with timeouts and retries."""

from collections.abc import Mapping
from contextlib import suppress

import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import RequestException
from urllib3.util.retry import Retry

from pipeline.errors import SourceMalformed, SourceRefused, SourceUnavailable, TableNotFound

USER_AGENT = "singstat-pipeline/1.0 (official statistics; AWS SAM application)"  # also the template's default
CONNECT_SECONDS, READ_SECONDS = 5, 30
MAX_BODY_BYTES = 64 * 1024 * 1024
BODY_ATTEMPTS = 3
RETRYABLE = frozenset({408, 425, 429, *range(500, 600)})


class _Retry(Retry):
    RETRY_AFTER_STATUS_CODES = frozenset({429, 503})


class SingStat:
    """The API at `url`. Each method returns a response body verbatim.

    Raises `SourceUnavailable` if there is no response or, after retries, a status 408, 425, 429 or 5xx,
    `TableNotFound` for 404, `SourceRefused` for any other status but 200, and `SourceMalformed` for a body that is not
    JSON, is truncated three times or is larger than 64 MiB.
    """

    def __init__(self, url: str, backoff_seconds: float, user_agent: str) -> None:
        """`backoff_seconds` is the base of the exponential backoff between retries, and its jitter."""
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
        self._session = requests.Session()
        self._session.headers.update({"User-Agent": user_agent, "Accept": "application/json"})
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=retry))

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
        for _ in range(BODY_ATTEMPTS):
            try:
                response = self._session.get(
                    f"{self.url}/{path}",
                    params=query,
                    timeout=(CONNECT_SECONDS, READ_SECONDS),
                    allow_redirects=False,
                    stream=True,
                )
            except RequestException as error:
                raise SourceUnavailable(f"no connection to {self.url}: {_reason(error)}") from error
            with response, suppress(RequestException):  # a truncated body is requested again
                _check(response)
                return _read(response)
        raise SourceMalformed(f"the body of {path} was truncated {BODY_ATTEMPTS} times")


def _check(response: requests.Response) -> None:
    status = response.status_code
    if status == requests.codes.ok:
        return
    if status == requests.codes.not_found:
        raise TableNotFound("SingStat has no such table (404)")
    if status in RETRYABLE:
        raise SourceUnavailable(f"SingStat answered {status} each time")
    agent = response.request.headers["User-Agent"]
    raise SourceRefused(f"SingStat answered {status} to GET {response.url} from User-Agent {agent!r}")


def _read(response: requests.Response) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(1 << 16):
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise SourceMalformed(f"the body is larger than {MAX_BODY_BYTES >> 20} MiB")
    if "json" not in response.headers.get("Content-Type", ""):
        raise SourceMalformed(f"the body is {response.headers.get('Content-Type')}, not JSON: {bytes(body[:60])!r}")
    return bytes(body)


def _reason(error: Exception) -> str:
    """The innermost cause on one line: requests wraps it several times."""
    reason = getattr(error.args[0], "reason", error) if error.args else error
    return str(reason).rsplit(": ", 1)[-1]
