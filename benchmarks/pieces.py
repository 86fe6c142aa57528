"""Where the CPU of flatten.py goes: `pieces.py IN.ndjson OUT.jsonl.gz` prints the seconds of each piece as JSON.

The two pieces of the floor are among them, and what the format asks for besides: the digests and sums of the manifest.
"""

import sys
import time
from collections.abc import Callable, Generator
from types import SimpleNamespace
from typing import Any

import flatten
import msgspec
from isal import isal_zlib
from pipeline.table import compression, flatten_series
from pipeline.table.digest import Digest
from pipeline.table.sample import Sample

TOTAL = "all"
PIECES: list[tuple[Any, str, str]] = [
    (flatten, "read_page", "JSON to pages, and the proof that no key is there twice"),
    (flatten_series, "_lines", "lines"),
    (flatten_series, "_digested", "text of the digests"),
    (flatten_series, "_total", "exact sums"),
    (flatten_series, "flatten", "shapes of the texts, and the rest of flattening"),
    (Digest, "add", "MD5 and SHA-256"),
    (Sample, "add", "sample"),
]
GZIP = "gzip"


def main(source: str, target: str) -> None:
    """Flatten one file into another, and print what each piece took of it."""
    seconds = {"start and imports": time.process_time()}
    within = [0.0]  # of the calls that are timed, those inside of the current one

    def timed(call: Callable[..., Any], title: str) -> Callable[..., Any]:
        def run(*given: Any) -> Any:
            within.append(0.0)
            started = time.process_time()
            try:
                result = call(*given)
            finally:
                took = time.process_time() - started
                seconds[title] = seconds.get(title, 0) + took - within.pop()
                within[-1] += took
            return iter(timed(result.__next__, title), None) if isinstance(result, Generator) else result

        return run

    def compressor(*given: Any, **named: Any) -> Any:
        made = isal_zlib.compressobj(*given, **named)
        return SimpleNamespace(compress=timed(made.compress, GZIP), flush=timed(made.flush, GZIP))

    for owner, name, title in PIECES:
        setattr(owner, name, timed(getattr(owner, name), title))
    compression.isal_zlib = SimpleNamespace(compressobj=compressor)  # type: ignore[assignment]
    standard_output, sys.stdout = sys.stdout, sys.stderr
    flatten.main(source, target)
    sys.stdout = standard_output
    seconds[TOTAL] = time.process_time()
    sys.stdout.write(msgspec.json.encode(seconds).decode())


if __name__ == "__main__":
    main(*sys.argv[1:])
