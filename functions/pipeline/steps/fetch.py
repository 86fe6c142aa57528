"""One table's fetch into the data bucket: bodies as they came, then the flattened rows, the manifest last."""

import hashlib
import io
from contextlib import suppress

from isal import igzip

from pipeline.aws import data_bucket
from pipeline.contracts import keys
from pipeline.errors import SourceError, SourceInconsistent, TableNotFound
from pipeline.source.answers import Header, Page, read_metadata, read_page, read_search
from pipeline.source.client import SingStat
from pipeline.source.successor import search_words, successor
from pipeline.table.manifest import Count, KeptPage, Manifest
from pipeline.table.observations import Table

MAX_ATTEMPTS = 20


class TableFetch:
    """Fetches from `source` and keeps what it fetches under `untransformedsingstatdata/`."""

    def __init__(self, source: SingStat, table_id: str, run_id: str, known_title: str = "") -> None:
        """`known_title` is the title under which the table was published before."""
        self._source, self._table_id, self._run_id, self._title = source, table_id, run_id, known_title
        self._folder = ""
        self._kept: list[KeptPage] = []
        self._metadata = b""

    def header(self) -> Header:
        """The table's header now.

        Raises `SourceInconsistent` when SingStat answers with another table, `TableNotFound` when it knows none by
        this id; that names the successor of a table that was published before.
        """
        try:
            self._metadata = self._source.metadata(self._table_id)
        except TableNotFound as error:
            raise TableNotFound(f"{error.cause}{self._hint()}") from error
        header = read_metadata(self._metadata)
        if header.table_id != self._table_id:
            raise SourceInconsistent(f"SingStat answered with table {header.table_id[:20]!r}")
        return header

    def _hint(self) -> str:
        if not self._title:
            return ""
        with suppress(SourceError):
            found = successor(self._table_id, self._title, read_search(self._source.search(search_words(self._title))))
            if found:
                return f"; it was retired, {found.id} ({found.title}) has the same title but for its years"
        return "; it was published before, so it was retired"

    def page(self, header: Header, number: int, offset: int, limit: int | None) -> Page:
        """Page `number`, kept before it is read. The first page of a fetch opens a folder that nobody wrote to."""
        body = self._source.tabledata(self._table_id, offset, limit)
        if number == 0:
            self._kept, self._folder = [], self.open_folder(header)
        key = keys.page(self._folder, number)
        data_bucket.write_once(key, compress(body))
        self._kept.append(KeptPage(key=key, offset=offset, sha256=hashlib.sha256(body).hexdigest()))
        return read_page(body)

    def open_folder(self, header: Header) -> str:
        """A folder for one fetch, to which nobody wrote, with the metadata in it."""
        for attempt in range(MAX_ATTEMPTS):
            folder = keys.raw(header.frequency, self._table_id, self._run_id, attempt)
            if data_bucket.write_once(f"{folder}metadata.json.gz", compress(self._metadata)):
                return folder
        raise SourceInconsistent(f"{MAX_ATTEMPTS} fetches of this run left pages behind")

    def store(self, table: Table, fetched_at: str) -> Manifest:
        """Write the flattened rows of a whole table, then the manifest."""
        header, count, lines = table.header, Count(), io.BytesIO()
        with igzip.GzipFile(fileobj=lines, mode="wb", compresslevel=1, mtime=0) as packed:
            packed.writelines(count.lines(table.observations()))
        manifest = count.manifest(
            header, self._kept, run_id=self._run_id, source_url=self._source.url, fetched_at=fetched_at
        )
        data_bucket.write(keys.flattened(self._run_id, header.table_id), lines.getvalue())
        data_bucket.write(keys.manifest(header.frequency, header.table_id, self._run_id), manifest)
        return manifest


def compress(body: bytes) -> bytes:
    return bytes(igzip.compress(body, compresslevel=1, mtime=0))
