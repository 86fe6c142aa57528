"""WriteReport for 16 tables, in one process and without S3: CPU seconds and peak memory, against the code before."""

import os
import resource
import sys
import tempfile
import time
from datetime import date
from typing import Any

import msgspec

os.environ |= dict.fromkeys(("DATA_BUCKET", "RESULTS_BUCKET", "AWS_DEFAULT_REGION"), "x")
os.environ["MPLCONFIGDIR"] = tempfile.gettempdir()

from isal import igzip
from pipeline.aws import data_bucket, results_bucket
from pipeline.contracts import keys
from pipeline.contracts.records import DownloadOutcome, PublishOutcome, Tally
from pipeline.costs.estimate import estimate
from pipeline.costs.usage import Usage
from pipeline.publication.record import Grounds, next_publication
from pipeline.run.verification import Measured, Verification, expected
from pipeline.source.responses import Header, Page
from pipeline.source.shapes import Column, Row
from pipeline.table.flatten import Count
from pipeline.table.manifest import KeptPage, Manifest
from pipeline.table.observations import Table
from pipeline.table.periods import MONTHS

TABLES = [f"M{900000 + number}" for number in range(16)]
SERIES = 40
PERIODS = [f"{1996 + n // 12} {MONTHS[n % 12]}" for n in range(360)]  # 14,400 cells per table and vintage
LARGE = 17  # factor for the series of the first table: just small enough to be compared
THEN, NOW = date(2026, 10, 1), date(2026, 11, 1)
objects: dict[str, bytes] = {}


def keep(table_id: str, run_id: str, vintage: date) -> Manifest:
    """Store a vintage as a download does: its page and its manifest."""
    number = SERIES * (LARGE if table_id == TABLES[0] else 1)
    facts = dict.fromkeys(("theme", "subject", "topic", "source_agency", "footnote"), "")
    total = number * len(PERIODS)
    header = Header(
        table_id=table_id, title=f"Table {table_id}", frequency="monthly", vintage=vintage, total=total, **facts
    )
    rows = [
        Row(f"Series {n}", str(n), unit="Index", columns=[Column(p, f"{n + m}.{vintage.month}") for m, p in POSITIONS])
        for n in range(number)
    ]
    table, count = Table(header), Count()
    table.add(Page(vintage, None, rows))
    for _ in count.lines(table.series()):
        pass
    key = keys.page(keys.raw("monthly", table_id, run_id), 0)
    data = {"id": table_id, "title": "", "frequency": "Monthly", "dataLastUpdated": f"{vintage:%d/%m/%Y}", "row": rows}
    objects[key] = igzip.compress(msgspec.json.encode({"Data": data, "StatusCode": 200}))
    pages, fetched_at = [KeptPage(key=key, offset=0, sha256="")], "2026-11-23T08:00:00+00:00"
    manifest = count.manifest(header, pages, run_id=run_id, source_url="", fetched_at=fetched_at)
    objects[keys.manifest("monthly", table_id, run_id)] = msgspec.json.encode(manifest)
    return manifest


POSITIONS = list(enumerate(PERIODS))


def prepare() -> None:
    """Store the records of a run `now` that has published a second vintage of every table."""
    known = Verification()
    for table_id in TABLES:
        before = next_publication(None, keep(table_id, "then", THEN), location="", grounds=Grounds("", ""))
        manifest = keep(table_id, "now", NOW)
        publication = next_publication(before, manifest, location="", grounds=Grounds("", ""))
        objects[keys.publication(table_id)] = msgspec.json.encode(publication)
        numbers = {name: str(number) for name, number in expected(manifest).items()}
        known.measured[table_id] = Measured(table_id=table_id, query_id="q", **numbers)
    stored = [DownloadOutcome(table_id=table_id, status="stored", frequency="monthly") for table_id in TABLES]
    records = {"verified": known, "tally": Tally(stored=stored)}
    records["published"] = PublishOutcome(published=TABLES, failed=[])
    objects.update({keys.run("now", name): msgspec.json.encode(record) for name, record in records.items()})


def read(key: str, shape: type[Any]) -> Any:
    """Replaces `data_bucket.read`."""
    return msgspec.json.decode(objects[key], type=shape)


def main() -> None:
    """Print time, memory and the sizes of the largest files."""
    written: dict[str, int] = {}
    data_bucket.read, data_bucket.read_bytes = read, objects.__getitem__
    results_bucket.write = lambda key, body, _: written.update({key.rpartition("/")[2]: len(body)})
    prepare()
    before, began = _peak(), time.process_time()
    from pipeline.steps.report import write  # noqa: PLC0415 - the import is measured too

    write("now", str, estimate(Usage(transitions=700), "ap-southeast-1", "arm64"))
    seconds = time.process_time() - began
    sys.stdout.write(f"{len(TABLES)} tables: {seconds:.1f} s CPU, peak {_peak()} MB, {before} MB before\n")
    sizes = {name: written[name] >> 10 for name in ("report.html", "data.xlsx", f"{TABLES[0]}.csv")}
    sys.stdout.write(", ".join(f"{name} {size:,} KB" for name, size in sizes.items()) + "\n")


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


main()
