"""The one HTTP client: asks SingStat politely, tries again what can be cured, keeps nothing."""

from collections.abc import Mapping
from contextlib import suppress

import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import RequestException
from urllib3.util.retry import Retry

from pipeline.errors import SourceMalformed, SourceRefused, SourceUnavailable, TableNotFound

USER_AGENT = "singstat-pipeline/1.0 (AWS SAM application; python-requests)"
CONNECT_SECONDS, READ_SECONDS = 5, 30
MAX_BODY = 64 * 1024 * 1024
TRIES_OF_A_BODY = 3
CURABLE = frozenset({408, 425, 429, *range(500, 600)})


class _Retry(Retry):
    RETRY_AFTER_STATUS_CODES = frozenset({429, 503})


class SingStat:
    """The Table Builder API below `url`. Every method gives a body as it came, and raises a `SourceError`."""

    def __init__(self, url: str, backoff_seconds: float) -> None:
        retry = _Retry(
            total=4,
            status_forcelist=CURABLE,
            backoff_factor=backoff_seconds,
            backoff_jitter=backoff_seconds,
            backoff_max=30,
            retry_after_max=60,
            raise_on_status=False,
        )
        self.url = url
        self._session = requests.Session()
        self._session.headers.update({"User-Agent": USER_AGENT, "Accept": "application/json"})
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=retry))

    def metadata(self, table_id: str) -> bytes:
        return self._get(f"metadata/{table_id}", {})

    def tabledata(self, table_id: str, offset: int = 0, limit: int | None = None) -> bytes:
        """The page from cell `offset`. The first is asked without parameters: its echo tells the server's limit."""
        asked = {"offset": offset, "limit": limit}
        return self._get(f"tabledata/{table_id}", {name: number for name, number in asked.items() if number})

    def search(self, words: str) -> bytes:
        """All tables whose title has the words; slow (7 to 10 s) and unpaged."""
        return self._get("resourceid", {"keyword": words, "searchOption": "title"})

    def _get(self, path: str, query: Mapping[str, int | str]) -> bytes:
        for _ in range(TRIES_OF_A_BODY):
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
            with response, suppress(RequestException):  # a body that breaks off is asked for again
                _check(response)
                return _read(response)
        raise SourceMalformed(f"the body of {path} was cut {TRIES_OF_A_BODY} times")


def _check(response: requests.Response) -> None:
    status = response.status_code
    if status == requests.codes.ok:
        return
    if status == requests.codes.not_found:
        raise TableNotFound("SingStat does not know this table (404)")
    if status in CURABLE:
        raise SourceUnavailable(f"SingStat answered {status} each time")
    raise SourceRefused(f"SingStat answered {status} to {response.url}")


def _read(response: requests.Response) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(1 << 16):
        body += chunk
        if len(body) > MAX_BODY:
            raise SourceMalformed(f"the body is larger than {MAX_BODY >> 20} MiB")
    if "json" not in response.headers.get("Content-Type", ""):
        raise SourceMalformed(f"the body is {response.headers.get('Content-Type')}, not JSON: {bytes(body[:60])!r}")
    return bytes(body)


def _reason(error: Exception) -> str:
    """The innermost cause in one line; requests wraps it several times."""
    reason = getattr(error.args[0], "reason", error) if error.args else error
    return str(reason).rsplit(": ", 1)[-1]
