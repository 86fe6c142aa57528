"""The worker on tables of 1,000,000 and, with --10m, 10,000,000 synthetic cells: memory, pages/s, CPU per page.

A process of its own plays SingStat (50 ms before each answer), S3 (keeps all but the pages) and Step Functions; on
Linux it has one core and the worker another. The code of the commit --base is measured in turn with today's.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.work_tree import work_tree  # noqa: E402

LATENCY_SECONDS = 0.05
CELLS_PER_PAGE = 5000
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
CELLS = [f'{{"key":"{1961 + n // 12} {MONTHS[n % 12]}","value":"{n * 7919 % 100003 / 10}"}}' for n in range(700)]
CONNECTIONS, PAIRS, BASE = 8, 5, "0fa2a4e"
WORKERS = {
    True: "workers/{}",
    False: "runs/{}/workers",
}  # where this code keeps a worker's job, and where the earlier one did
SIZES, LARGEST = [1_000_000], 10_000_000
KIB_PER_MIB = 1024 if sys.platform == "linux" else 1 << 20


class StandIn(BaseHTTPRequestHandler):
    """All services on one port; a table's id is `M` and its number of thousands of cells."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 22
    objects: dict[str, bytes] = {}  # noqa: RUF012 - the handler is made anew for each connection

    def handle_expect_100(self) -> bool:
        """At once: what is buffered, boto3 waits a second for."""
        super().handle_expect_100()
        self.wfile.flush()
        return True

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if url.path.startswith("/api/table/"):
            time.sleep(LATENCY_SECONDS)
            kind, table_id = url.path.split("/")[-2:]
            total, offset = int(table_id[1:]) * 1000, int(query.get("offset", 0))
            rows = {} if kind == "metadata" else {"limit": str(CELLS_PER_PAGE), "row": "ROWS"}
            records = {"id": table_id, "title": "Synthetic", "frequency": "Monthly", "dataLastUpdated": "01/01/2026"}
            data = records | rows if rows else {"records": records | {"total": total}}
            body = json.dumps({"Data": data, "StatusCode": 200}).replace('"ROWS"', f"[{_rows(offset, total)}]")
            self._answer(200, body.encode(), "application/json")
        elif "list-type" in query:
            self._answer(200, b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")
        else:
            found = self.objects.get(unquote(url.path))
            self._answer(404 if found is None else 200, found or b"<Error><Code>NoSuchKey</Code></Error>")

    def do_PUT(self) -> None:
        body, key = self._body(), unquote(urlsplit(self.path).path)
        if source := self.headers.get("x-amz-copy-source"):
            self.objects[key] = self.objects[f"/{unquote(source).lstrip('/')}"]
            self._answer(200, b"<CopyObjectResult><ETag>x</ETag></CopyObjectResult>")
        else:
            if "/page-" not in key:
                self.objects[key] = body
            self._answer(200, b"")

    def do_POST(self) -> None:
        call, body = self.headers["X-Amz-Target"].rsplit(".", 1)[-1], self._body()
        if call != "SendTaskHeartbeat":
            self.objects["/answer"] = body
        self._answer(200, b"{}", "application/x-amz-json-1.0")

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _answer(self, status: int, body: bytes, content_type: str = "application/xml") -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def _rows(offset: int, total: int) -> str:
    rows, end = [], min(offset + CELLS_PER_PAGE, total)
    while offset < end:
        number, first = divmod(offset, len(CELLS))
        last = min(len(CELLS), first + end - offset)
        columns = ",".join(CELLS[first:last])
        rows.append(f'{{"seriesNo":"{number}","rowText":"Synthetic {number}","uoM":"Number","columns":[{columns}]}}')
        offset += last - first
    return ",".join(rows)


def serve() -> None:
    """Print the address, then answer until stdin ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), StandIn)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"http://127.0.0.1:{server.server_address[1]}\n")
    sys.stdout.flush()
    sys.stdin.read()


class Cost(NamedTuple):
    """What one worker process took: peak memory in MiB, pages per second, CPU milliseconds per page."""

    peak: float
    rate: float
    cpu: float


def measure(url: str, root: Path, cells: int, connections: int, number: int) -> Cost:
    """Run one worker of the code in `root`."""
    table_id = f"M{cells // 1000}"
    job = {"run_id": f"r{connections}-{number}", "table_id": table_id, "attempt": "a", "task_token": "t"}
    key = f"{WORKERS[root == ROOT].format(job['run_id'])}/{table_id}/a/job.json"
    _request("PUT", f"{url}/data/{key}", json.dumps(job | {"connections": connections, "heartbeat_seconds": 300}))
    keys = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "DATA_BUCKET"), "data")
    environment = {
        **keys,
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(root / "functions"),
        "AWS_ENDPOINT_URL": url,
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": url,
        "AWS_DEFAULT_REGION": "ap-southeast-1",
        "SOURCE_URL": f"{url}/api/table",
        "BACKOFF_SECONDS": "0",
        "ANSWER_SECONDS": "45",
        "USER_AGENT": "benchmark/1.0",
        **{"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": "131072"},  # as in user_data.sh
    }
    worker = subprocess.Popen(  # noqa: S603
        [sys.executable, root / "ec2" / "worker.py", key], env=environment, stdout=subprocess.DEVNULL
    )
    pin(worker.pid, 0)
    _, status, usage = os.wait4(worker.pid, 0)
    worker.returncode = os.waitstatus_to_exitcode(status)
    answer = json.loads(_request("GET", f"{url}/answer"))
    if worker.returncode or "output" not in answer:
        sys.exit(f"the worker ended with {worker.returncode}: {answer}")
    result = json.loads(answer["output"])
    pages = result["pages"]
    cpu = 1000 * (usage.ru_utime + usage.ru_stime) / pages
    return Cost(usage.ru_maxrss / KIB_PER_MIB, pages / float(result["seconds"]), cpu)


def pin(process: int, core: int) -> None:
    """Give a process one core, where there are two and the system can."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(process, {core})


def _request(method: str, url: str, body: str = "") -> bytes:
    from urllib.request import Request, urlopen  # noqa: PLC0415 - the peak of a child counts its parent's pages at first

    with urlopen(Request(url, body.encode() or None, method=method)) as answer:  # noqa: S310
        return bytes(answer.read())


def rows(url: str, base: Path, pairs: int, sizes: list[int]) -> Iterator[str]:
    """The rows of the result: figure, value, bar."""
    for connections in (8, 16):
        bound = connections / LATENCY_SECONDS
        found = [
            [measure(url, root, SIZES[-1], connections, 2 * n + place) for place, root in enumerate((ROOT, base))]
            for n in range(pairs)
        ]
        ours = [cost for cost, _ in found]
        bar = ">= 0.60" if connections == CONNECTIONS else "none"
        share, before = (median(costs[place].rate for costs in found) / bound for place in (0, 1))
        yield f"worker, {connections} connections: pages/s against connections / latency | {share:.2f} | {bar}"
        yield f"the same, {BASE} | {before:.2f} | none"
        ratio = median(cost.cpu / other.cpu for cost, other in found)
        yield f"worker, {connections} connections: CPU per page against {BASE} | {ratio:.3f} | <= 0.15"
        yield f"worker, {connections} connections: CPU ms per page | {median(cost.cpu for cost in ours):.1f} | none"
        if connections == CONNECTIONS and sizes[-1] == LARGEST:
            largest = measure(url, ROOT, LARGEST, connections, 2 * pairs)
            growth = largest.peak / median(cost.peak for cost in ours)
            yield f"worker: peak memory, 10M against 1M cells | {growth:.2f} | <= 1.2"
            yield f"worker: peak memory at 10M cells, MiB | {largest.peak:.0f} | none"


def main() -> None:
    """Print the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--10m", dest="largest", action="store_true", help="10,000,000 cells as well, a minute")
    parser.add_argument("--pairs", type=int, default=PAIRS, help="of a worker of today and one of the base")
    parser.add_argument("--base", default=BASE, help="the commit to compare with")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        return serve()
    command = [sys.executable, __file__, "--serve"]
    with (
        work_tree(chosen.base) as base,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server,  # noqa: S603
    ):
        url = next(iter(server.stdout or [])).strip()
        pin(server.pid, 1)
        sys.stdout.write("figure | value | bar\n")
        for row in rows(url, base, chosen.pairs, SIZES + [LARGEST] * chosen.largest):
            sys.stdout.write(f"{row}\n")
            sys.stdout.flush()
    return None


if __name__ == "__main__":
    main()
