"""The report of a run over 50 tables, in one process on one processor: seconds, peak memory. S3 is left out."""

import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

sys.path.insert(0, str(Path(__file__).parents[1] / "functions"))
os.environ |= {"DATA_BUCKET": "x", "RESULTS_BUCKET": "x", "AWS_DEFAULT_REGION": "x", "MPLCONFIGDIR": tempfile.gettempdir()}

from isal import igzip  # noqa: E402
from pipeline import keys, lake, reports  # noqa: E402
from pipeline.events import DownloadOutcome, PublishOutcome, Tally  # noqa: E402
from pipeline.manifest import Count, KeptPage, Manifest  # noqa: E402
from pipeline.periods import MONTHS  # noqa: E402
from pipeline.publication import succeed  # noqa: E402
from pipeline.source import Column, Header, Page, Row  # noqa: E402
from pipeline.table import Table  # noqa: E402
from pipeline.verification import Measured, expected  # noqa: E402

TABLES = [f"M{900000 + number}" for number in range(50)]
SERIES, PERIODS = 40, 360  # 14,400 cells in each vintage of a table, monthly for thirty years
LARGE = 17  # times as many series in the first table, about as large as one may be to be compared
objects: dict[str, bytes] = {}


def vintage(table_id: str, run_id: str, day: date, lift: int) -> Manifest:
    """Keep a table as it is downloaded: its page and its manifest."""
    number = SERIES * (LARGE if table_id == TABLES[0] else 1)
    header = Header(
        table_id=table_id, title=f"Table {table_id}", frequency="monthly", vintage=day, theme="", subject="", topic="",
        source_agency="", footnote="", total=number * PERIODS,
    )  # fmt: skip
    periods = [f"{1996 + n // 12} {MONTHS[n % 12]}" for n in range(PERIODS)]
    rows = [
        Row(
            f"Series {n}", str(n), unit="Index", columns=[Column(p, f"{n + at + lift / 10}") for at, p in enumerate(periods)]
        )
        for n in range(number)
    ]
    table, count = Table(header), Count()
    table.add(Page(day, None, rows))
    for _ in count.lines(table.observations()):
        pass
    key = keys.page(keys.raw("monthly", table_id, run_id), 0)
    data = {"id": table_id, "title": "", "dataLastUpdated": f"{day:%d/%m/%Y}", "row": rows}
    objects[key] = igzip.compress(msgspec.json.encode({"Data": data, "StatusCode": 200}))
    pages = [KeptPage(key=key, offset=0, sha256="")]
    manifest = count.manifest(header, pages, run_id=run_id, source_url="", fetched_at="2026-11-23T08:00:00+00:00")
    objects[keys.manifest("monthly", table_id, run_id)] = msgspec.json.encode(manifest)
    return manifest


def measured(manifest: Manifest) -> Measured:
    found = {name: str(number) for name, number in expected(manifest).items()}
    return Measured(table_id=manifest.header.table_id, **found)


def prepare() -> Iterator[Measured]:
    """Two vintages of every table, the second published by run `now`."""
    for table_id in TABLES:
        old = vintage(table_id, "then", date(2026, 10, 1), lift=0)
        new = vintage(table_id, "now", date(2026, 11, 1), lift=1)
        before = succeed(None, old, location="", verified_by="")
        objects[keys.publication(table_id)] = msgspec.json.encode(succeed(before, new, location="", verified_by=""))
        yield measured(new)


def main() -> None:
    """Prepare in a child process, so that only the report's memory is measured; then write it."""
    def read(key: str, shape: type[Any]) -> Any:
        return msgspec.json.decode(objects[key], type=shape)
    written = dict[str, int]()
    lake.read, lake.read_bytes = read, objects.__getitem__  # type: ignore[assignment]
    reports.write = lambda key, body, _: written.update({key: len(body)})
    rows = list(prepare())
    stored = [DownloadOutcome(table_id=table_id, status="stored", frequency="monthly") for table_id in TABLES]
    objects[keys.run("now", "measured")] = msgspec.json.encode(rows)
    objects[keys.run("now", "tally")] = msgspec.json.encode(Tally(stored=stored))
    objects[keys.run("now", "published")] = msgspec.json.encode(PublishOutcome(published=TABLES, failed=[]))
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter(), time.process_time()
    from pipeline.report.build import Builder
    Builder("now").write(lambda _: "", None)
    print("base", base >> 10, "MB peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10, time.perf_counter() - began[0], "cpu", time.process_time() - began[1])
    for key, size in sorted(written.items(), key=lambda i: -i[1])[:4]: print(key, size)


main()
