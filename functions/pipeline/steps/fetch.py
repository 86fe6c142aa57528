"""Fetches one table into the data bucket: response bodies verbatim, then the flattened rows, then the manifest."""

import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from itertools import chain

from isal import igzip
from msgspec.structs import replace

from pipeline.aws import data_bucket
from pipeline.contracts import keys
from pipeline.contracts.records import DownloadOutcome
from pipeline.errors import SourceError, SourceInconsistent, TableNotFound
from pipeline.source.client import SingStat
from pipeline.source.responses import Header, Page, check_update, read_metadata, read_page, read_search
from pipeline.source.successor import search_words, successor
from pipeline.table.compression import compressed
from pipeline.table.flatten import Count
from pipeline.table.manifest import KeptPage, Manifest
from pipeline.table.observations import Table

MAX_FOLDERS = 20
SINGAPORE = timezone(timedelta(hours=8))  # no daylight saving


def connect() -> SingStat:
    """SingStat as configured in the environment: `SOURCE_URL`, `BACKOFF_SECONDS`, `USER_AGENT` and `ANSWER_SECONDS`.

    Each of `SOURCE_CONNECTIONS` has its share of `REQUESTS_PER_SECOND`; without these, requests are not limited.
    """
    url, agent = os.environ["SOURCE_URL"], os.environ["USER_AGENT"]
    rate = float(os.environ.get("REQUESTS_PER_SECOND", "inf"))
    return SingStat(
        url,
        float(os.environ["BACKOFF_SECONDS"]),
        agent,
        float(os.environ["ANSWER_SECONDS"]),
        interval=int(os.environ.get("SOURCE_CONNECTIONS", "1")) / rate,
    )


def gzip_body(body: bytes) -> bytes:
    """One response body, compressed; equal bodies give equal bytes."""
    return bytes(igzip.compress(body, compresslevel=1, mtime=0))


def gzip_lines(blocks: Iterable[bytes]) -> bytes:
    """Blocks of flattened lines as one gzip file; `b""` if there are none."""
    remaining = iter(blocks)
    first = next(remaining, b"")
    return b"".join(compressed(chain([first], remaining))) if first else b""


def kept_page(key: str, offset: int, body: bytes) -> KeptPage:
    """The manifest's entry for the page stored at `key`, which starts at cell `offset`."""
    return KeptPage(key=key, offset=offset, sha256=hashlib.sha256(body).hexdigest())


def commit(manifest: Manifest) -> DownloadOutcome:
    """Write the manifest, then the outcome `stored`; the pages and flattened rows are already written."""
    header = manifest.header
    outcome = DownloadOutcome(
        table_id=header.table_id,
        status="stored",
        frequency=header.frequency,
        vintage=header.vintage.isoformat(),
        observations=manifest.observations,
        pages=len(manifest.pages),
    )
    data_bucket.write(keys.manifest(header.frequency, header.table_id, manifest.run_id), manifest)
    data_bucket.write(keys.outcome(manifest.run_id, header.table_id), outcome)
    return outcome


class TableFetch:
    """Fetches a table from SingStat and stores every response body under `untransformedsingstatdata/`."""

    def __init__(self, source: SingStat, table_id: str, run_id: str, known_title: str = "") -> None:
        """`known_title` is the title of the table's publication; it helps to find the successor of a retired table."""
        self._source, self._table_id, self._run_id, self._title = source, table_id, run_id, known_title
        self._folder = ""
        self._kept: list[KeptPage] = []
        self._metadata = b""

    def header(self) -> Header:
        """The table's current header, from `GET /metadata/{id}`.

        Raises `SourceInconsistent` if SingStat answers with another table, `TableNotFound` if it has no such table (for
        a table published before, the cause names its successor), or `SourceMalformed`, `SourceContract` or
        `SourceUnavailable` as the client and the parser do.
        """
        try:
            self._metadata = self._source.metadata(self._table_id)
        except TableNotFound as error:
            raise TableNotFound(f"{error.cause}{self._successor_hint()}") from error
        header = read_metadata(self._metadata)
        check_update(header.vintage, datetime.now(SINGAPORE).date())
        if header.table_id != self._table_id:
            raise SourceInconsistent(f"SingStat answered with the metadata of table {header.table_id[:20]!r}")
        return header

    def _successor_hint(self) -> str:
        if not self._title:
            return ""
        with suppress(SourceError):
            results = read_search(self._source.search(search_words(self._title)))
            if table := successor(self._table_id, self._title, results):
                return f"; it was retired: {table.id} ({table.title}) has the same title except for the years"
        return "; it was published before, so SingStat has retired it"

    def page(self, header: Header, number: int, offset: int, limit: int | None) -> Page:
        """Page `number`, from `GET /tabledata/{id}`; its body is stored before it is parsed.

        Page 0 starts a new folder, so that no page of an earlier fetch is overwritten.
        Raises `SourceMalformed`, `SourceContract`, `TableNotFound`, `SourceUnavailable` or `SourceInconsistent`.
        """
        body = self._source.tabledata(self._table_id, offset, limit)
        if number == 0:
            self._kept, self._folder = [], self.create_folder(header)
        key = keys.page(self._folder, number)
        data_bucket.write_once(key, gzip_body(body))
        self._kept.append(kept_page(key, offset, body))
        return read_page(body)

    def create_folder(self, header: Header) -> str:
        """A new folder for one fetch, holding the metadata. Raises `SourceInconsistent` after 20 of this run."""
        for attempt in range(MAX_FOLDERS):
            folder = keys.raw(header.frequency, self._table_id, self._run_id, attempt)
            if data_bucket.write_once(f"{folder}metadata.json.gz", gzip_body(self._metadata)):
                return folder
        raise SourceInconsistent(f"this run has already started {MAX_FOLDERS} fetches of the table")

    def manifest(self, header: Header, count: Count, pages: list[KeptPage]) -> Manifest:
        """The manifest of a complete fetch, dated now. Raises `SourceContract` if too many values are rejected."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return count.manifest(header, pages, run_id=self._run_id, source_url=self._source.url, fetched_at=now)

    def store(self, table: Table) -> DownloadOutcome:
        """Write the flattened rows of a complete table, then commit it.

        Raises `SourceContract` as `manifest` and `Series.observations`, `SourceInconsistent` as the latter.
        """
        count = Count()
        rows = gzip_lines(count.lines(table.series()))
        manifest = replace(self.manifest(table.header, count, self._kept), doubt=table.doubt())
        data_bucket.write(keys.flattened(self._run_id, self._table_id), rows)
        return commit(manifest)
