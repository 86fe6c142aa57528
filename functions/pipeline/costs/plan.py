"""What a run would take: its downloads, minutes and cost, from the sizes of tables that are known before it starts.

States, functions and requests are counted; how long AWS and SingStat take is assumed, and said in `ASSUMED`.
"""

import math
from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from pipeline.costs.estimate import RunCost, estimate
from pipeline.costs.usage import (
    CRAWL_DPUS,
    CRAWL_LEAST_SECONDS,
    DEFAULT_MB,
    MEMORY_MB,
    NODES,
    QUERY_LEAST_BYTES,
    Usage,
    Work,
)
from pipeline.run.plan import batch_size
from pipeline.run.verification import shared

CELLS_PER_PAGE = 5_000  # SingStat's limit of October 2026
SECONDS, UNCHANGED_SECONDS, DOWNLOAD_SECONDS, PAGE_SECONDS = Decimal("0.5"), Decimal(1), Decimal(2), Decimal(1)
REPORT_SECONDS, REPORT_MOST_SECONDS = Decimal(1), Decimal(300)  # a table, and as long as WriteReport may take
WORKER_SECONDS, WORKER_CONNECTIONS, PAGES_PER_CHUNK = 120, 8, 50  # the latter two as in the worker
TRANSFORM_MINUTES, CRAWL_MINUTES, OTHER_MINUTES = 4, 2, 1
BYTES_PER_CELL = 20  # staged by a run of the recorded tables
ASSUMED = (
    f"{UNCHANGED_SECONDS} s a published table, {DOWNLOAD_SECONDS} s a download and {PAGE_SECONDS} s each further page,"
    f" DataBrew {TRANSFORM_MINUTES} min, a first crawl {CRAWL_MINUTES} min"
)

# States and functions of a run, and what they are more if it downloads something, if it crawls, and for each poll.
STATES, STORING_STATES, CRAWLING_STATES, POLL_STATES = 8, 9, 1, 3
BATCH_STATES, DOWNLOAD_STATES = 2, 3  # of a child execution, whose start is one more, and of each download in it
FUNCTIONS, STORING_FUNCTIONS, CRAWLING_FUNCTIONS = 3, 6, 1
VERIFICATION_POLLS = 2


class Size(Struct, frozen=True, kw_only=True):
    """What is known of a table before a run; `cells` is None if it was never downloaded and SingStat does not say."""

    cells: int | None
    pages: int = 1
    published: bool = False


class Setting(Struct, frozen=True, kw_only=True):
    """Where and how a run downloads; a table with more than `large_cells` is downloaded on EC2, on `instance_type`.

    A query verifies at most `verification_cells` cells.
    """

    region: str
    architecture: str
    connections: int
    requests_per_second: int
    poll_seconds: int
    large_cells: int
    verification_cells: int
    instance_type: str


class Planned(Struct, frozen=True, kw_only=True):
    """What a run would take. `workers` of the downloads are on EC2; `unknown` have no known size: a page each.

    `queries` verify them.
    """

    tables: int
    downloads: int
    cells: int
    pages: int
    workers: int
    unknown: int
    queries: int
    minutes: int
    cost: RunCost


def planned(tables: Sequence[Size], setting: Setting, *, revised: bool) -> Planned:
    """The run that finds all published tables revised, or none of them; the others are downloaded in any case.

    `tables` are in the order of their ids.
    """
    downloads = [table for table in tables if revised or not table.published]
    workers = [table for table in downloads if (table.cells or 0) > setting.large_cells]
    crawls = bool(downloads) and not any(table.published for table in tables)
    queries = _queries(downloads, setting)
    asking = _asking_seconds(tables, downloads, workers, setting)
    after = (TRANSFORM_MINUTES + OTHER_MINUTES + CRAWL_MINUTES * crawls) * 60 + _report_seconds(downloads)
    after += (len(queries) - 1) * VERIFICATION_POLLS * setting.poll_seconds  # the first is among the other minutes
    return Planned(
        tables=len(tables),
        downloads=len(downloads),
        cells=sum(queries),
        pages=sum(table.pages for table in downloads),
        workers=len(workers),
        unknown=sum(table.cells is None for table in downloads),
        queries=len(queries),
        minutes=math.ceil((asking + (after if downloads else 0)) / 60),
        cost=estimate(_usage(tables, downloads, workers, setting, crawls=crawls), setting.region, setting.architecture),
    )


def _usage(
    tables: Sequence[Size], downloads: Sequence[Size], workers: Sequence[Size], setting: Setting, *, crawls: bool
) -> Usage:
    queries = _queries(downloads, setting)
    stored, batches = bool(downloads), math.ceil(len(tables) / batch_size(len(tables), setting.connections))
    transform_polls, crawl_polls = (
        math.ceil(minutes * 60 / setting.poll_seconds) for minutes in (TRANSFORM_MINUTES, CRAWL_MINUTES)
    )
    polls = stored * transform_polls + len(queries) * VERIFICATION_POLLS + crawls * crawl_polls
    further = max(len(queries) - 1, 0)
    # WriteReport has the memory of a download, CheckTables that of all others.
    small = FUNCTIONS + stored * (STORING_FUNCTIONS - 1) + crawls * CRAWLING_FUNCTIONS + polls + further + len(workers)
    invocations = small + stored + batches + len(downloads)
    small_seconds = small * SECONDS + _check_seconds(tables)
    large_seconds = _download_seconds(downloads, workers) + _report_seconds(downloads)
    requests = Work(
        runs=1,
        batches=batches,
        checked=len(tables),
        downloads=len(downloads),
        stored=len(downloads),
        pages=sum(table.pages for table in downloads),
        workers=len(workers),
        chunks=sum(math.ceil(table.pages / PAGES_PER_CHUNK) for table in workers),
        transforms=stored,
        queries=len(queries),
    ).requests
    return Usage(
        transitions=STATES
        + stored * STORING_STATES
        + crawls * CRAWLING_STATES
        + polls * POLL_STATES
        + further
        + batches * (1 + BATCH_STATES)
        + len(downloads) * DOWNLOAD_STATES
        + len(workers),
        invocations=invocations,
        gb_seconds=(small_seconds * DEFAULT_MB + large_seconds * MEMORY_MB["DownloadTable"]) / 1024,
        instance_seconds={setting.instance_type: sum(map(_worker_seconds, workers))} if workers else {},
        node_minutes=stored * NODES * TRANSFORM_MINUTES,
        dpu_seconds=crawls * CRAWL_DPUS * CRAWL_LEAST_SECONDS,
        scanned_bytes=sum(max(cells * BYTES_PER_CELL, QUERY_LEAST_BYTES) for cells in queries),
        puts=requests.puts,
        gets=requests.gets,
        key_requests=invocations + 3 * stored + len(queries) + crawls,
        mails=int(stored),
    )


def _queries(downloads: Sequence[Size], setting: Setting) -> list[int]:
    """The cells that each query verifies."""
    return [sum(map(_cells, query)) for query in shared(downloads, _cells, setting.verification_cells)]


def _cells(table: Size) -> int:
    return table.cells or 0


def _asking_seconds(
    tables: Sequence[Size], downloads: Sequence[Size], workers: Sequence[Size], setting: Setting
) -> Decimal:
    """Until the last table is downloaded, by connections that have as much to do, and no faster than is allowed."""
    busy = _check_seconds(tables) + _download_seconds(downloads, workers) + sum(map(_worker_seconds, workers))
    requests = sum(table.published for table in tables) + len(downloads)
    requests += sum(table.pages for table in downloads if (table.cells or 0) <= setting.large_cells)
    return max(busy / setting.connections, Decimal(requests) / setting.requests_per_second)


def _check_seconds(tables: Sequence[Size]) -> Decimal:
    return sum(table.published for table in tables) * UNCHANGED_SECONDS


def _download_seconds(downloads: Sequence[Size], workers: Sequence[Size]) -> Decimal:
    """Of the functions that download; one that leaves its table to a worker has asked once."""
    pages = sum(table.pages - 1 for table in downloads) - sum(table.pages - 1 for table in workers)
    alone = len(downloads) - len(workers)
    return len(workers) * UNCHANGED_SECONDS + alone * DOWNLOAD_SECONDS + pages * PAGE_SECONDS


def _report_seconds(downloads: Sequence[Size]) -> Decimal:
    return min(len(downloads) * REPORT_SECONDS, REPORT_MOST_SECONDS)


def _worker_seconds(table: Size) -> int:
    return WORKER_SECONDS + math.ceil(table.pages * PAGE_SECONDS / WORKER_CONNECTIONS)
