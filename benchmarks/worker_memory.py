"""The worker on tables of 100,000, 1,000,000 and, with --10m, 10,000,000 synthetic cells: peak memory and pages/s.

A process of its own plays SingStat (50 ms before each answer), S3 (keeps all but the pages) and Step Functions.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

ROOT = Path(__file__).parents[1]
LATENCY_SECONDS = 0.05
CELLS_PER_PAGE = 5000
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
CELLS = [f'{{"key":"{1961 + n // 12} {MONTHS[n % 12]}","value":"{n * 7919 % 100003 / 10}"}}' for n in range(700)]
SIZES, LARGEST = [100_000, 1_000_000], 10_000_000
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


def measure(url: str, cells: int, connections: int) -> tuple[float, float]:
    """Peak memory in MiB and pages/s of one worker process."""
    table_id = f"M{cells // 1000}"
    job = {"run_id": f"r{connections}", "table_id": table_id, "attempt": "a", "task_token": "t"}
    key = f"workers/{job['run_id']}/{table_id}/a/job.json"
    _request("PUT", f"{url}/data/{key}", json.dumps(job | {"connections": connections, "heartbeat_seconds": 300}))
    keys = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "DATA_BUCKET"), "data")
    environment = {
        **keys,
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT / "functions"),
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
        [sys.executable, ROOT / "ec2" / "worker.py", key], env=environment, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(worker.pid, 0)
    worker.returncode = os.waitstatus_to_exitcode(status)
    answer = json.loads(_request("GET", f"{url}/answer"))
    if worker.returncode or "output" not in answer:
        sys.exit(f"the worker ended with {worker.returncode}: {answer}")
    result = json.loads(answer["output"])
    return usage.ru_maxrss / KIB_PER_MIB, result["pages"] / float(result["seconds"])


def _request(method: str, url: str, body: str = "") -> bytes:
    from urllib.request import Request, urlopen  # noqa: PLC0415 - the peak of a child counts its parent's pages at first

    with urlopen(Request(url, body.encode() or None, method=method)) as answer:  # noqa: S310
        return bytes(answer.read())


def main() -> None:
    """Measure one after the other, a line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--10m", dest="largest", action="store_true", help="10,000,000 cells as well, some minutes")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        return serve()
    command = [sys.executable, __file__, "--serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603
        url = next(iter(server.stdout or [])).strip()
        for connections in (8, 16):
            for cells in SIZES + [LARGEST] * chosen.largest:
                peak, rate = measure(url, cells, connections)
                bound = connections / LATENCY_SECONDS
                sys.stdout.write(
                    f"{cells:>10,} cells, {connections:>2} connections: peak {peak:.0f} MiB, "
                    f"{rate:.0f} pages/s of {bound:.0f} ({rate / bound:.0%})\n"
                )
                sys.stdout.flush()
    return None


if __name__ == "__main__":
    main()
