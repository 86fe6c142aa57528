"""The worker on 1,000,000 and 10,000,000 synthetic cells: memory, pages per second, CPU per page.

A process of its own plays SingStat (50 ms before each answer), S3 (keeps all but the pages) and Step Functions; on
Linux it has one core and the worker another. The code of before is measured in turn with today's.
"""

import json
import os
import re
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from benchmarks.figures import MIB, PEAK_UNIT, ROOT, Details, Figure, Part, before

LATENCY_SECONDS = 0.05
CELLS_PER_PAGE = 5000
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
CELLS = [f'{{"key":"{1961 + n // 12} {MONTHS[n % 12]}","value":"{n * 7919 % 100003 / 10}"}}' for n in range(700)]
PAIRS = 5
WORKERS = {True: "workers/{}", False: "runs/{}/workers"}  # where a job is kept, by this code and by the one before
CELLS_OF_A_TABLE, LARGEST = 1_000_000, 10_000_000


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


def cost(url: str, root: Path, cells: int, connections: int, number: int) -> Cost:
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
        **dict(re.findall(r"(MALLOC_\w+)=(\d+)", (root / "ec2" / "user_data.sh").read_text("utf-8"))),
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
    return Cost(usage.ru_maxrss * PEAK_UNIT / MIB, pages / float(result["seconds"]), cpu)


def pin(process: int, core: int) -> None:
    """Give a process one core, where there are two and the system can."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(process, {core})


def _request(method: str, url: str, body: str = "") -> bytes:
    from urllib.request import Request, urlopen  # noqa: PLC0415 - the peak of a child counts its parent's pages at first

    with urlopen(Request(url, body.encode() or None, method=method)) as answer:  # noqa: S310
        return bytes(answer.read())


def measure() -> Part:
    """Five pairs with 8 and with 16 connections, and one table ten times as large."""
    command = [sys.executable, "-m", __spec__.name if __spec__ else __name__, "--serve"]
    with (
        before() as earlier,
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server,  # noqa: S603
    ):
        url = next(iter(server.stdout or [])).strip()
        pin(server.pid, 1)
        pairs = {
            connections: [
                tuple(
                    cost(url, root, CELLS_OF_A_TABLE, connections, 2 * n + place)
                    for place, root in enumerate((ROOT, earlier))
                )
                for n in range(PAIRS)
            ]
            for connections in (8, 16)
        }
        largest = cost(url, ROOT, LARGEST, 8, 2 * PAIRS)
    shares = {n: [[each.rate * LATENCY_SECONDS / n for each in pair] for pair in taken] for n, taken in pairs.items()}
    now, then = (median(side) for side in zip(*shares[8], strict=True))
    many, many_then = (median(side) for side in zip(*shares[16], strict=True))
    ratios = [one.cpu / other.cpu for one, other in pairs[8]]
    growth = [largest.peak / one.peak for one, _ in pairs[8]]
    title = "worker: pages per second against connections / latency"
    one_page = median(one.cpu for one, _ in pairs[8])
    further = (largest.cpu * LARGEST - one_page * CELLS_OF_A_TABLE) / (LARGEST - CELLS_OF_A_TABLE)
    figures = [
        Figure(
            name=f"{title}, 8 connections",
            now=now,
            before=f"{then:.2f}",
            bar=0.6,
            at_least=True,
            note=f"{1000 / further * LATENCY_SECONDS / 8:.2f} by its CPU alone, if nothing else runs on its core",
        ),
        Figure(name=f"{title}, 16 connections", now=many, before=f"{many_then:.2f}"),
        Figure(
            name="worker: CPU per page against the code before",
            now=median(ratios),
            bar=0.15,
            note=f"{min(ratios):.2f} to {max(ratios):.2f}; without the start of the process, {further:.1f} ms a page",
        ),
        Figure(name="worker: peak memory, 10M against 1M cells", now=median(growth), before="1.13 to 1.19", bar=1.2),
    ]
    rows = [
        [
            str(n),
            who,
            f"{median(each.rate for each in side):.0f}",
            f"{median(each.cpu for each in side):.1f} ms",
            f"{median(each.peak for each in side):.0f} MiB",
        ]
        for n, taken in pairs.items()
        for who, side in zip(("now", "before"), zip(*taken, strict=True), strict=True)
    ]
    rows.append(["8", "now, 10M cells", f"{largest.rate:.0f}", f"{largest.cpu:.1f} ms", f"{largest.peak:.0f} MiB"])
    header = ["connections", "code", "pages per second", "CPU per page of 5,000 cells", "peak memory"]
    return Part(
        figures, [Details("The worker", header, rows, "50 ms a page; one core for the worker, one for the services.")]
    )


if __name__ == "__main__" and sys.argv[1:] == ["--serve"]:
    serve()
