"""The modelled cost of runs over 1 to 3,000 tables, from the histories of two sizes of run on the laptop.

Transitions, invocations and requests are those of the histories, and grow in a line with the number of tables: as many
recorded tables as there are and one alone give the line. How long AWS's services take is assumed, and said on the page.
"""

import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from msgspec import to_builtins
from msgspec.structs import replace
from pipeline.contracts.states import RunRequest
from pipeline.costs.estimate import RunCost, estimate
from pipeline.costs.plan import DOWNLOAD_SECONDS, REPORT_SECONDS, SECONDS, TRANSFORM_MINUTES, UNCHANGED_SECONDS
from pipeline.costs.usage import DEFAULT_MB, MEMORY_MB, NODES, Usage
from pipeline.costs.usage import measure as measured_usage

from benchmarks.figures import Details, Figure, Part
from local.cli.histories import read
from local.cli.options import QUICK
from local.cli.results import failure_line
from local.cli.run import follow
from local.cloud.aws import LocalAWS
from local.replay.server import Replay

TABLES = ["M015661", "M183891", "M212161", "M212261", "M400391", "M550002", "M810001", "M810361"]
KINDS = {
    "refreshed with a crawl": RunRequest(force=True, crawl="always"),
    "refreshed without crawl": RunRequest(force=True),
    "unchanged": RunRequest(),
}
NUMBERS = (1, 16, 50, 200, 1000, 3000)
GOAL = 50
REGION, PROCESSOR = "ap-southeast-1", "arm64"
FULL, SMALL = Decimal(MEMORY_MB["DownloadTable"]) / 1024, Decimal(DEFAULT_MB) / 1024


def measure() -> Part:
    """The cost of 50 tables, and a table of how it grows."""
    one, many = histories()
    costs = {kind: {n: cost(one[kind], many[kind], n, kind) for n in NUMBERS} for kind in KINDS}
    figures = [
        Figure(
            name=f"modelled cost of a run, {GOAL} tables, {kind}",
            now=float(costs[kind][GOAL].usd),
            unit="USD",
            before="printed",
            bar=bar,
            note="modelled",
        )
        for kind, bar in (("unchanged", 0.006), ("refreshed without crawl", 0.08))
    ]
    growth = [[f"{n:,}", *(f"{costs[kind][n].usd:.4f}" for kind in KINDS)] for n in NUMBERS]
    lines = [[kind, line.item, line.quantity, line.unit, f"{line.usd}"] for kind in KINDS for line in dear(costs[kind])]
    return Part(
        figures,
        [
            Details("Cost of a run by number of tables, USD, modelled", ["tables", *KINDS], growth, ASSUMED),
            Details(f"Where it goes, {GOAL} tables", ["run", "item", "quantity", "unit", "USD"], lines),
        ],
    )


ASSUMED = (
    f"Assumed: a function takes {SECONDS} s, a download {DOWNLOAD_SECONDS} s, or {UNCHANGED_SECONDS} s if the table is"
    f" unchanged, a report {REPORT_SECONDS} s a table, a DataBrew job {TRANSFORM_MINUTES} minutes on {NODES}"
    " nodes, a crawl its minimum of ten minutes; each table has one page and is not large. Numbers of requests are"
    f" those of runs on the laptop over one and over {len(TABLES)} recorded tables, and of a line through both."
)


def histories() -> tuple[dict[str, Usage], dict[str, Usage]]:
    """What runs of every kind over one table used, and what runs over all of them did, on one lake."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Replay() as replay,
        LocalAWS(Path(folder, "lake"), parameters=QUICK | {"SourceUrl": replay.url}) as aws,
    ):
        return (
            {kind: used(aws, replace(request, tables=TABLES[:1])) for kind, request in KINDS.items()},
            {kind: used(aws, replace(request, tables=TABLES)) for kind, request in KINDS.items()},
        )


def used(aws: LocalAWS, request: RunRequest) -> Usage:
    """What one run used. Raises RuntimeError if it failed."""
    sent = {name: value for name, value in to_builtins(request).items() if value is not None}
    execution = aws.start(sent, f"benchmark-{time.time_ns()}")
    story = follow(aws, execution, sent, lambda *_: None)
    found = read(aws, execution)
    if found is None or story.status != "SUCCEEDED":
        raise RuntimeError(failure_line(story))
    return measured_usage(found, datetime.now(UTC))


def cost(one: Usage, many: Usage, number: int, kind: str) -> RunCost:
    """Of `number` tables, on the line through both."""

    def line(name: str) -> int:
        first, last = getattr(one, name), getattr(many, name)
        return first + round(Decimal(last - first) / (len(TABLES) - 1) * (number - 1))

    counts = {name: line(name) for name in ("transitions", "invocations", "puts", "gets", "key_requests", "mails")}
    stored = 0 if kind == "unchanged" else number
    download = DOWNLOAD_SECONDS if stored else UNCHANGED_SECONDS
    others = counts["invocations"] - number - bool(stored)
    seconds = others * SECONDS * SMALL + (number * download + stored * REPORT_SECONDS) * FULL
    whole = Usage(
        **counts,
        gb_seconds=seconds,
        node_minutes=NODES * TRANSFORM_MINUTES if many.node_minutes else 0,
        dpu_seconds=many.dpu_seconds,
        scanned_bytes=line("scanned_bytes"),
    )
    return estimate(whole, REGION, PROCESSOR)


def dear(costs: dict[int, RunCost]) -> Iterator:  # type: ignore[type-arg]
    """The items of at least a hundredth of the cost of 50 tables, the dearest first."""
    whole = costs[GOAL]
    yield from sorted((line for line in whole.lines if line.usd * 100 >= whole.usd), key=lambda line: -line.usd)
