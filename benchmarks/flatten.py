"""Pages to flattened lines: `flatten.py IN.ndjson OUT.jsonl.gz [--whole]`, one answer of SingStat a line.

The code, the lines and the counts are the pipeline's; the header is that of the first line, the total what is there.
Prints the cells, the CPU seconds of the process and its peak memory. With --whole all pages are read before the first
line is written, as in Lambda; without, only a series is in memory, as in the worker.
"""

import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from pipeline.source.responses import Header, Page, read_page
from pipeline.table.compression import compressed
from pipeline.table.flatten import Count
from pipeline.table.observations import Series, Table
from pipeline.table.stream import Stream, StreamState

KIB_PER_MIB = 1024 if sys.platform == "linux" else 1 << 20


def read_header(bodies: BinaryIO) -> Header:
    """The header of the table whose pages are in a file, which is then at its start again."""
    first = read_page(bodies.readline())
    total = cells_in(first) + sum(body.count(b'"value":') for body in bodies)
    bodies.seek(0)
    if first.table_id is None or first.frequency is None or first.vintage is None:
        sys.exit("the first line is no page of a time series")
    return Header(table_id=first.table_id, title="", frequency=first.frequency, vintage=first.vintage, total=total)


def cells_in(page: Page) -> int:
    """The number of cells that a page of a time series lists."""
    return sum(len(row.columns) for row in page.rows)


def streamed(header: Header, bodies: BinaryIO) -> Iterator[Series]:
    """Each series as soon as it is complete."""
    stream = Stream(header, StreamState())
    for page in map(read_page, bodies):
        yield from stream.add(page, cells_in(page))
    yield from stream.finish()


def whole(header: Header, bodies: BinaryIO) -> Iterator[Series]:
    """Each series of the complete table."""
    table = Table(header)
    for page in map(read_page, bodies):
        table.add(page)
    table.check_complete()
    return table.series()


def main(source: str, target: str, *options: str) -> None:
    """Flatten one file into another."""
    count = Count()
    flatten = whole if "--whole" in options else streamed
    with Path(source).open("rb", buffering=1 << 20) as bodies, Path(target).open("wb") as file:
        file.writelines(compressed(count.lines(flatten(read_header(bodies), bodies))))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_PER_MIB
    cells = sum(count.by_meaning.values())
    sys.stdout.write(f"{cells} cells, {time.process_time():.2f} CPU s, peak {peak:.0f} MiB\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
