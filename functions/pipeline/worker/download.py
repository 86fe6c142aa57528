"""Downloads one large table: pages in parallel, flattened rows in chunks, a checkpoint after each chunk."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from isal import igzip
from msgspec import Struct, field

from pipeline.aws import data_bucket
from pipeline.contracts import keys
from pipeline.contracts.records import WorkerJob
from pipeline.errors import SourceContract, SourceThrottled
from pipeline.handler import logger, named
from pipeline.source.responses import Header, read_page
from pipeline.steps.fetch import TableFetch, commit, connect, gzip_body, gzip_lines, kept_page
from pipeline.table.flatten import Count
from pipeline.table.manifest import KeptPage
from pipeline.table.observations import Series
from pipeline.table.paging import check_page, fetch_one_vintage
from pipeline.table.stream import Stream, StreamState
from pipeline.worker.parallel import map_in_order
from pipeline.worker.task_token import Cancellation, TaskClosed, TaskToken

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

STATE = "DownloadLargeTable"
CHUNK_PAGES = 50
KIND = "checksums of series"
THROTTLED_SECONDS, THROTTLED_WAITS = 30, 20  # ten minutes, as heartbeats go on
T = TypeVar("T")


class Checkpoint(Struct, kw_only=True):
    """`checkpoint.json`: the progress of a fetch. Pages below `next_page` are done.

    Their rows are in `chunks`, except those of the last series, which `stream` still holds. `limit` is the page size
    in cells. `kind` tells it from those of code that counted otherwise, which are not resumed.
    """

    header: Header
    folder: str
    kind: str = ""
    limit: int = 0
    next_page: int = 0
    chunks: list[str] = field(default_factory=list)
    pages: list[KeptPage] = field(default_factory=list)
    stream: StreamState = field(default_factory=StreamState)
    count: Count = field(default_factory=Count)


class WorkerResult(Struct):
    """The output of the state: the manifest's key, the numbers of pages and chunks, and the duration in seconds and
    the number of heartbeats of this attempt.
    """

    manifest: str
    pages: int
    chunks: int
    seconds: str
    heartbeats: int


def run_job(job: WorkerJob, step_functions: "SFNClient", cancellation: Cancellation) -> None:
    """Download the job's table and report the result or the error to its task token.

    A reason given to `cancellation` is reported as the error. If Step Functions rejects the token, the download
    stops and nothing is reported.
    """
    task = TaskToken(step_functions, job.task_token)
    try:
        with task.sending_heartbeats(job.heartbeat_seconds, cancellation):
            result = _TableDownload(job, task, cancellation).run()
    except TaskClosed as closed:
        logger.warning("Task closed", extra={"reason": str(closed)})
    except Exception as error:  # noqa: BLE001 - an unreported error would leave the state waiting for its timeout
        logger.exception(STATE)
        task.send_failure(named(error).at(STATE, job.table_id))
    else:
        logger.info(STATE, extra={"result": result})
        task.send_success(result)


class _TableDownload:
    """One attempt to download a table."""

    def __init__(self, job: WorkerJob, task: TaskToken, cancellation: Cancellation) -> None:
        self._job, self._task, self._cancellation = job, task, cancellation
        self._fetch = TableFetch(connect(), job.table_id, job.run_id)
        self._checkpoint_key = keys.checkpoint(job.run_id, job.table_id)
        self._previous: Checkpoint | None = None
        self._kept_keys: frozenset[str] = frozenset()
        self._chunk_numbers = itertools.count()  # never reused: a checkpoint may list the chunk
        self._thread = threading.local()
        self._started = time.monotonic()

    def run(self) -> WorkerResult:
        self._previous, _ = data_bucket.read_optional(self._checkpoint_key, Checkpoint)
        return self._commit(fetch_one_vintage(self._header(), self._header, self._download))

    def _header(self) -> Header:
        return self._patiently(self._fetch.header)

    def _patiently(self, call: Callable[[], T]) -> T:
        """The call's result, repeated while SingStat refuses it as too many, up to ten minutes."""
        for _ in range(THROTTLED_WAITS):
            try:
                return call()
            except SourceThrottled:
                self._cancellation.wait(THROTTLED_SECONDS)
                self._cancellation.check()
        return call()

    def _download(self, header: Header) -> Checkpoint:
        """The checkpoint after the last page."""
        checkpoint = self._resume(header) or self._start(header)
        pool = ThreadPoolExecutor(self._job.connections, initializer=self._connect)
        try:
            bodies = self._page_bodies(checkpoint, pool)
            stream = Stream(header, checkpoint.stream)
            while checkpoint.next_page < _page_count(checkpoint):
                self._write_chunk(checkpoint, stream, bodies)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        return checkpoint

    def _resume(self, header: Header) -> Checkpoint | None:
        """The checkpoint of an earlier attempt, offered once, if the header is unchanged."""
        checkpoint, self._previous = self._previous, None
        if checkpoint is None or (checkpoint.kind, checkpoint.header) != (KIND, header):
            return None
        self._kept_keys = frozenset(data_bucket.list_keys(checkpoint.folder))
        logger.info("Resumed", extra={"next_page": checkpoint.next_page, "kept": len(self._kept_keys)})
        return checkpoint

    def _start(self, header: Header) -> Checkpoint:
        state = Stream(header, StreamState()).state()  # rejects a table without a total before anything is written
        self._cancellation.check()
        self._kept_keys = frozenset()
        folder = self._fetch.create_folder(header)
        checkpoint = Checkpoint(header=header, folder=folder, kind=KIND, stream=state)
        data_bucket.write(self._checkpoint_key, checkpoint)
        return checkpoint

    def _page_bodies(self, checkpoint: Checkpoint, pool: Executor) -> Iterator[bytes]:
        """The bodies from `next_page` on. The first page is fetched alone because it reports the limit."""

        def body(number: int) -> bytes:
            return self._page_body(checkpoint.folder, number, checkpoint.limit)

        window, check = 2 * self._job.connections, self._cancellation.check
        first: list[bytes] = []
        if checkpoint.next_page == 0:
            first = list(map_in_order(pool, body, range(1), window, check))
            checkpoint.limit = _limit(first[0])
        numbers = range(max(checkpoint.next_page, 1), _page_count(checkpoint))
        return itertools.chain(first, map_in_order(pool, body, numbers, window, check))

    def _page_body(self, folder: str, number: int, limit: int) -> bytes:
        """A page's stored body; if it is not stored yet, it is fetched and stored unless another worker is first."""
        self._cancellation.check()
        key = keys.page(folder, number)
        if key not in self._kept_keys:
            source = self._thread.source
            body = self._patiently(lambda: source.tabledata(self._job.table_id, number * limit, limit))
            self._cancellation.check()
            if data_bucket.write_once(key, gzip_body(body)):
                return bytes(body)
        return bytes(igzip.decompress(data_bucket.read_bytes(key)))

    def _write_chunk(self, checkpoint: Checkpoint, stream: Stream, bodies: Iterator[bytes]) -> None:
        """Write the rows that the next pages complete, then the checkpoint."""
        series = _series(checkpoint, stream, itertools.islice(bodies, CHUNK_PAGES))
        rows = gzip_lines(checkpoint.count.lines(series))
        self._cancellation.check()
        if rows:
            job = self._job
            chunk = keys.chunk(job.run_id, job.table_id, job.attempt, next(self._chunk_numbers))
            data_bucket.write(chunk, rows)
            checkpoint.chunks.append(chunk)
        checkpoint.stream = stream.state()
        data_bucket.write(self._checkpoint_key, checkpoint)
        progress = {"pages": checkpoint.next_page, "chunks": len(checkpoint.chunks), "cells": checkpoint.stream.size}
        logger.info("Chunk", extra=progress)

    def _commit(self, checkpoint: Checkpoint) -> WorkerResult:
        """Copy the chunks to the run's flattened rows and commit the table, if the task is still open."""
        run_id, table_id = self._job.run_id, self._job.table_id
        manifest = self._fetch.manifest(checkpoint.header, checkpoint.count, checkpoint.pages)
        self._cancellation.check()
        self._task.send_heartbeat()
        data_bucket.delete_prefix(keys.flattened_chunks(run_id, table_id))  # of an attempt at an older vintage
        for number, chunk in enumerate(checkpoint.chunks):
            data_bucket.copy(chunk, keys.flattened_chunk(run_id, table_id, number))
        commit(manifest)
        return WorkerResult(
            manifest=keys.manifest(checkpoint.header.frequency, table_id, run_id),
            pages=len(checkpoint.pages),
            chunks=len(checkpoint.chunks),
            seconds=f"{time.monotonic() - self._started:.1f}",
            heartbeats=self._task.heartbeats,
        )

    def _connect(self) -> None:
        self._thread.source = connect()  # each thread has a connection and a pace of its own


def _series(checkpoint: Checkpoint, stream: Stream, bodies: Iterator[bytes]) -> Iterator[Series]:
    """The series that each page completes; the checkpoint advances by each page."""
    for body in bodies:
        page = read_page(body)
        check_page(page, checkpoint.header)
        yield from stream.add(page, checkpoint.limit)
        key, offset = keys.page(checkpoint.folder, checkpoint.next_page), checkpoint.next_page * checkpoint.limit
        checkpoint.pages.append(kept_page(key, offset, body))
        checkpoint.next_page += 1
    if checkpoint.next_page == _page_count(checkpoint):
        yield from stream.finish()


def _page_count(checkpoint: Checkpoint) -> int:
    return max(1, -(-(checkpoint.header.total or 0) // checkpoint.limit))


def _limit(body: bytes) -> int:
    limit = read_page(body).limit
    if limit is None:
        raise SourceContract("the first page reports no limit, the number of cells per page")
    return limit
