"""Downloads one large table: pages side by side, rows in chunks, a checkpoint after each, the manifest last."""

import hashlib
import io
import itertools
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from isal import igzip
from msgspec import Struct, field

from pipeline.aws import data_bucket
from pipeline.contracts import keys
from pipeline.contracts.records import DownloadOutcome, WorkerJob
from pipeline.errors import PipelineError, SourceContract, SourceInconsistent
from pipeline.handler import logger
from pipeline.source.answers import Header, Page, read_page
from pipeline.source.client import SingStat
from pipeline.steps.fetch import TableFetch, compress
from pipeline.table.manifest import Count, KeptPage
from pipeline.table.paging import MAX_FETCHES
from pipeline.table.stream import Stream, StreamState
from pipeline.worker.parallel import in_order
from pipeline.worker.task_token import Stop, TaskClosed, TaskToken

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

STATE = "DownloadLargeTable"
CHUNK_PAGES = 50


class Checkpoint(Struct, kw_only=True):
    """How far a fetch is: the rows of all pages below `next_page` lie in `chunks`, but for those of the open series."""

    header: Header
    folder: str
    limit: int = 0
    next_page: int = 0
    chunks: list[str] = field(default_factory=list)
    pages: list[KeptPage] = field(default_factory=list)
    stream: StreamState = field(default_factory=StreamState)
    count: Count = field(default_factory=Count)


class Stored(Struct):
    """What the state gets: the manifest's key, how many pages and chunks there are, and of this attempt its seconds
    and signs of life.
    """

    manifest: str
    pages: int
    chunks: int
    seconds: str
    heartbeats: int


class _Republished(Exception):
    """A page of another vintage than the header."""


def work(job: WorkerJob, state_machine: "SFNClient", stop: Stop) -> None:
    """Do the job and answer for it by its token. When nobody waits for the answer any more, just stop.

    `stop` may be set from outside; its reason is then the answer.
    """
    task = TaskToken(state_machine, job.task_token)
    try:
        with task.beating(job.heartbeat_seconds, stop):
            stored = _Download(job, task, stop).run()
    except TaskClosed as closed:
        logger.warning("Nobody waits for this table any more", extra={"reason": str(closed)})
    except PipelineError as error:
        located = error.at(STATE, job.table_id)
        logger.error(str(located))
        task.fail(located)
    except Exception as error:  # noqa: BLE001 - whatever it is, the state machine must not wait for ever
        logger.exception(STATE)
        task.fail(error)
    else:
        logger.info(STATE, extra={"result": stored})
        task.succeed(stored)


class _Download:
    """One attempt at a table."""

    def __init__(self, job: WorkerJob, task: TaskToken, stop: Stop) -> None:
        self._job, self._task, self._stop = job, task, stop
        self._source = _connect()
        self._fetch = TableFetch(self._source, job.table_id, job.run_id)
        self._kept: frozenset[str] = frozenset()
        self._chunk_numbers = itertools.count()  # never used twice, so that no checkpoint's chunk changes
        self._threads = threading.local()
        self._began = time.monotonic()

    def run(self) -> Stored:
        for number in range(MAX_FETCHES):
            header = self._fetch.header()
            done = (self._resumed(header) if number == 0 else None) or self._begun(header)
            with suppress(_Republished):
                self._fill(done)
                return self._commit(done)
        raise SourceInconsistent(f"the table was republished during each of {MAX_FETCHES} fetches")

    def _resumed(self, header: Header) -> Checkpoint | None:
        """Where an earlier attempt stopped, if the table is still the same."""
        done, _ = data_bucket.read_optional(keys.checkpoint(self._job.run_id, self._job.table_id), Checkpoint)
        if done is None or done.header != header:
            return None
        self._kept = frozenset(data_bucket.list_keys(done.folder))
        logger.info("Resumed", extra={"next_page": done.next_page, "kept": len(self._kept)})
        return done

    def _begun(self, header: Header) -> Checkpoint:
        state = Stream(header, StreamState()).state()  # refuses what cannot be fetched, before anything is written
        self._stop.check()
        self._kept = frozenset()
        done = Checkpoint(header=header, folder=self._fetch.open_folder(header), stream=state)
        self._save(done)
        return done

    def _save(self, done: Checkpoint) -> None:
        data_bucket.write(keys.checkpoint(self._job.run_id, self._job.table_id), done)

    def _fill(self, done: Checkpoint) -> None:
        """Fetch what is missing, chunk by chunk."""
        pool = ThreadPoolExecutor(self._job.connections, initializer=self._connect)
        try:
            bodies = self._bodies(done, pool)
            stream = Stream(done.header, done.stream)
            while done.next_page < _page_count(done):
                self._fill_chunk(done, stream, bodies)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _bodies(self, done: Checkpoint, pool: Executor) -> Iterator[bytes]:
        """The bodies from the next page on. The first page comes alone: it tells the server's limit."""

        def body(number: int) -> bytes:
            return self._body(done.folder, number, done.limit)

        window, check = 2 * self._job.connections, self._stop.check
        head: list[bytes] = []
        if done.next_page == 0:
            head = list(in_order(pool, body, range(1), window, check))
            done.limit = _limit(head[0])
        numbers = range(max(done.next_page, 1), _page_count(done))
        return itertools.chain(head, in_order(pool, body, numbers, window, check))

    def _body(self, folder: str, number: int, limit: int) -> bytes:
        """A page as it is kept; if it is not, it is fetched and kept, unless another worker was faster."""
        self._stop.check()
        key = keys.page(folder, number)
        if key not in self._kept:
            body = self._threads.source.tabledata(self._job.table_id, number * limit, limit)
            self._stop.check()
            if data_bucket.write_once(key, compress(body)):
                return bytes(body)
        return bytes(igzip.decompress(data_bucket.read_bytes(key)))

    def _fill_chunk(self, done: Checkpoint, stream: Stream, bodies: Iterator[bytes]) -> None:
        """Write the rows that the next pages complete, then the checkpoint."""
        rows = io.BytesIO()
        with igzip.GzipFile(fileobj=rows, mode="wb", compresslevel=1, mtime=0) as packed:
            for body in itertools.islice(bodies, CHUNK_PAGES):
                page = _page(body, done.header)
                lines = done.count.lines(stream.add(page, done.limit))
                packed.write(b"".join(lines))  # line by line takes ten times as long
                digest = hashlib.sha256(body).hexdigest()
                key, offset = keys.page(done.folder, done.next_page), done.next_page * done.limit
                done.pages.append(KeptPage(key=key, offset=offset, sha256=digest))
                done.next_page += 1
            if done.next_page == _page_count(done):
                packed.write(b"".join(done.count.lines(stream.finish())))
            written = packed.tell()
        self._stop.check()
        if written:
            job = self._job
            chunk = keys.chunk(job.run_id, job.table_id, job.attempt, next(self._chunk_numbers))
            data_bucket.write(chunk, rows.getvalue())
            done.chunks.append(chunk)
        done.stream = stream.state()
        self._save(done)
        logger.info("Chunk", extra={"pages": done.next_page, "chunks": len(done.chunks), "cells": done.stream.size})

    def _commit(self, done: Checkpoint) -> Stored:
        """Make the chunks the run's rows, if this worker is still the one that the state machine waits for."""
        run_id, table_id, header = self._job.run_id, self._job.table_id, done.header
        fetched_at = datetime.now(UTC).isoformat(timespec="seconds")
        manifest = done.count.manifest(
            header, done.pages, run_id=run_id, source_url=self._source.url, fetched_at=fetched_at
        )
        self._stop.check()
        self._task.beat()
        data_bucket.delete_prefix(keys.flattened_chunks(run_id, table_id))  # of an attempt for an older vintage
        for number, chunk in enumerate(done.chunks):
            data_bucket.copy(chunk, keys.flattened_chunk(run_id, table_id, number))
        key = keys.manifest(header.frequency, table_id, run_id)
        data_bucket.write(key, manifest)
        outcome = DownloadOutcome(
            table_id=table_id,
            status="stored",
            frequency=header.frequency,
            vintage=header.vintage.isoformat(),
            observations=manifest.observations,
            pages=len(done.pages),
        )
        data_bucket.write(keys.outcome(run_id, table_id), outcome)
        seconds = f"{time.monotonic() - self._began:.1f}"
        return Stored(
            manifest=key,
            pages=len(done.pages),
            chunks=len(done.chunks),
            seconds=seconds,
            heartbeats=self._task.beats,
        )

    def _connect(self) -> None:
        self._threads.source = _connect()  # requests' sessions are not made for sharing


def _connect() -> SingStat:
    return SingStat(os.environ["SOURCE_URL"], float(os.environ["BACKOFF_SECONDS"]))


def _page_count(done: Checkpoint) -> int:
    return max(1, -(-(done.header.total or 0) // done.limit))


def _limit(body: bytes) -> int:
    limit = read_page(body).limit
    if limit is None:
        raise SourceContract("the first page does not tell how many cells the server gives at most")
    return limit


def _page(body: bytes, header: Header) -> Page:
    page = read_page(body)
    if page.vintage not in (None, header.vintage):
        raise _Republished
    return page
