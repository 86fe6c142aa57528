"""The worker stores what DownloadTable stores, even if it is killed or interrupted, or the table is republished."""

import gzip
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest
from botocore.exceptions import ClientError
from pipeline.aws import data_bucket
from pipeline.contracts import keys
from pipeline.contracts.records import DownloadOutcome, WorkerJob
from pipeline.errors import Failure, read_failure
from pipeline.steps.fetch import TableFetch, connect
from pipeline.table.manifest import Manifest
from pipeline.table.paging import fetch_table
from pipeline.table.periods import MONTHS
from pipeline.worker import download, host
from pipeline.worker.task_token import Cancellation

from local.cloud.aws import ADMINISTRATOR, LocalAWS
from local.replay.recordings import Row, Table, load_recordings
from local.replay.server import Answer, Replay
from tests.support.quota import limited

ROOT = Path(__file__).parents[2]
SYNTHETIC, RECORDED = "M900100", "M550002"
CLOSED = ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"]
run_ids = (f"run-{number}" for number in itertools.count())
Rows = list[bytes]


def synthetic(series: int = 60, months: int = 700) -> Table:
    """A synthetic table, larger than any recording."""
    header = load_recordings()[RECORDED].header | {"id": SYNTHETIC, "title": "Synthetic, Monthly"}
    keys_of_months = [f"{1961 + month // 12} {MONTHS[month % 12]}" for month in range(months)]
    rows = [
        Row(
            f"1.{n}",
            f"Synthetic {n}",
            "Number",
            "",
            [{"key": key, "value": f"{n}.{key[:4]}"} for key in keys_of_months],
        )
        for n in range(series)
    ]
    return Table("TS", header, rows)


class StateMachine:
    """A fake Step Functions client; `closed` maps calls to the error code that rejects them."""

    def __init__(self, **closed: str) -> None:
        self.closed, self.answers = closed, list[tuple[str, Any]]()

    def send_task_heartbeat(self, **_: str) -> None:
        self._take("heartbeat")

    def send_task_success(self, *, output: str, **_: str) -> None:
        self._take("success")
        self.answers.append(("success", json.loads(output)))

    def send_task_failure(self, *, error: str, cause: str, **_: str) -> None:
        self._take("failure")
        self.answers.append((error, json.loads(cause)))

    def _take(self, call: str) -> None:
        if call in self.closed:
            raise ClientError({"Error": {"Code": self.closed[call], "Message": ""}}, f"SendTask{call.title()}")


class Killed(BaseException):
    """Stands in for SIGKILL: `except Exception` does not catch it."""


class DyingS3:
    """An S3 client that raises `Killed` after a number of writes."""

    def __init__(self, s3: Any, writes: int) -> None:
        self._s3, self._left, self._lock = s3, writes, threading.Lock()

    def __getattr__(self, name: str) -> Any:
        if self._left < 0:
            raise Killed
        return self._write if name in {"put_object", "copy_object"} else getattr(self._s3, name)

    def _write(self, **request: Any) -> Any:
        write = self._s3.copy_object if "CopySource" in request else self._s3.put_object
        with self._lock:
            self._left -= 1
            if self._left >= 0:
                return write(**request)
            raise Killed


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAWS]:
    with LocalAWS(tmp_path_factory.mktemp("worker") / "lake") as running:
        yield running


@pytest.fixture(autouse=True)
def _data_bucket(aws: LocalAWS, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_bucket, "s3", aws.client("s3"))
    monkeypatch.setattr(data_bucket, "BUCKET", aws.resource("DataBucket"))
    monkeypatch.setenv("BACKOFF_SECONDS", "0")
    monkeypatch.setenv("ANSWER_SECONDS", "45")
    monkeypatch.setenv("USER_AGENT", "worker-test/1.0")


@pytest.fixture
def replay(monkeypatch: pytest.MonkeyPatch) -> Iterator[Replay]:
    with serving(synthetic(8), monkeypatch, cells_per_page=600) as server:
        yield server


def serving(table: Table, monkeypatch: pytest.MonkeyPatch, cells_per_page: int = 2000) -> Replay:
    """A replay server with this table; the environment points to it."""
    server = Replay({table.id: table}, cells_per_page)
    monkeypatch.setenv("SOURCE_URL", server.url)
    return server


def job(run_id: str, table_id: str = SYNTHETIC, connections: int = 4, attempt: str = "a") -> WorkerJob:
    return WorkerJob(
        run_id=run_id,
        table_id=table_id,
        attempt=attempt,
        task_token=f"token of {attempt}",
        connections=connections,
        heartbeat_seconds=300,
    )


def failure(error: str, cause: dict[str, Any]) -> Failure:
    return read_failure(error, json.dumps(cause))


def work(job: WorkerJob, **closed: str) -> list[tuple[str, Any]]:
    """Run the job; returns the results that Step Functions accepted."""
    machine = StateMachine(**closed)
    download.run_job(job, machine, Cancellation())
    return machine.answers


def small_path(table_id: str) -> tuple[Rows, bytes]:
    """The rows and the manifest that DownloadTable stores."""
    run_id = next(run_ids)
    fetch = TableFetch(connect(), table_id, run_id)
    fetch.store(fetch_table(fetch.header(), fetch.header, fetch.page))
    return rows(run_id), manifest(run_id)


def names(prefix: str) -> list[str]:
    return sorted(data_bucket.list_keys(prefix))


def rows(run_id: str) -> Rows:
    return b"".join(gzip.decompress(data_bucket.read_bytes(key)) for key in names(keys.flattened(run_id))).splitlines()


def manifest(run_id: str) -> bytes:
    """The run's only manifest, without the fields that differ between runs."""
    (key,) = [name for name in names(keys.RAW) if f"/{run_id}/" in name and name.endswith("manifest.json")]
    found = msgspec.structs.replace(data_bucket.read(key, Manifest), fetched_at="", source_url="")
    return msgspec.json.encode(found).replace(run_id.encode(), b"run")


def asked(replay: Replay) -> list[int]:
    return sorted(int(query.get("offset", 0)) for path, query in replay.requests if "tabledata" in path)


def is_stored(run_id: str) -> bool:
    written = [*names(keys.FLATTENED), *names(keys.RAW), *names(f"{keys.RUNS}/{run_id}/tables/")]
    return any(f"/{run_id}/" in name and not name.endswith(".json.gz") for name in written)


@pytest.mark.parametrize(("connections", "chunk_pages"), [(1, 1), (8, 3), (16, 5), (16, 50)])
@pytest.mark.parametrize("table", [synthetic(), load_recordings()[RECORDED]], ids=["synthetic", "recorded"])
def test_both_paths_store_the_same(table, connections, chunk_pages, monkeypatch):
    monkeypatch.setattr(download, "CHUNK_PAGES", chunk_pages)
    run_id = next(run_ids)

    with serving(table, monkeypatch) as replay:
        wanted = small_path(table.id)
        replay.requests.clear()
        answers = work(job(run_id, table.id, connections))

    pages = -(-len(wanted[0]) // 2000)
    chunks = -(-pages // chunk_pages)
    assert (rows(run_id), manifest(run_id)) == wanted
    assert asked(replay) == [2000 * page for page in range(pages)]
    assert len(names(keys.flattened(run_id))) == chunks
    ((kind, result),) = answers
    assert kind == "success"
    assert (result["pages"], result["chunks"]) == (pages, chunks)
    assert data_bucket.read(result["manifest"], Manifest).observations == len(wanted[0])
    assert data_bucket.read(keys.outcome(run_id, table.id), DownloadOutcome) == DownloadOutcome(
        table_id=table.id,
        status="stored",
        frequency="monthly",
        vintage="2024-01-08",
        observations=len(wanted[0]),
        pages=pages,
    )


WRITES = 26  # metadata, first checkpoint, 10 pages, 4 chunks, checkpoints and copies each, manifest, outcome


@pytest.mark.parametrize("writes", range(WRITES + 1))
def test_a_worker_killed_at_any_write_is_resumed(writes, replay, monkeypatch):
    monkeypatch.setattr(download, "CHUNK_PAGES", 3)
    wanted, run_id = small_path(SYNTHETIC), next(run_ids)
    with monkeypatch.context() as dying:
        dying.setattr(data_bucket, "s3", DyingS3(data_bucket.s3, writes))
        try:
            work(job(run_id, attempt="a"))
            survived = True
        except Killed:
            survived = False
    checkpoint, _ = data_bucket.read_optional(keys.checkpoint(run_id, SYNTHETIC), download.Checkpoint)
    kept = {name for name in names(keys.RAW) if f"/{run_id}/page-" in name}

    with serving(replay.tables[SYNTHETIC], monkeypatch, cells_per_page=600) as second:
        ((kind, _),) = work(job(run_id, attempt="b"))

    assert kind == "success"
    assert rows(run_id) == wanted[0]
    assert manifest(run_id).replace(b"refetch-1/", b"") == wanted[1]
    assert survived == (writes == WRITES)
    if checkpoint:
        assert not any(offset < 600 * checkpoint.next_page for offset in asked(second))
        assert {keys.page(checkpoint.folder, offset // 600) for offset in asked(second)}.isdisjoint(kept)


@pytest.mark.parametrize("code", CLOSED)
def test_a_worker_whose_task_is_closed_stores_nothing(code, replay):
    run_id = next(run_ids)

    assert work(job(run_id), heartbeat=code) == []
    assert not is_stored(run_id)


def test_a_worker_whose_task_closes_at_the_end_stores_nothing(replay, monkeypatch):
    run_id, machine = next(run_ids), StateMachine()
    answer = replay.answer

    def last_page_closes_the_task(request: Any) -> Answer:
        if request.query.get("offset") == "5400":
            machine.closed["heartbeat"] = "TaskTimedOut"
        return answer(request)

    replay.answer = last_page_closes_the_task
    download.run_job(job(run_id), machine, Cancellation())

    assert machine.answers == []
    assert len(names(f"{keys.WORKERS}/{run_id}/")) > 1
    assert not is_stored(run_id)


@pytest.mark.parametrize("code", CLOSED)
def test_a_rejected_result_is_harmless(code, replay):
    wanted, run_id = small_path(SYNTHETIC), next(run_ids)

    assert work(job(run_id, attempt="a"), success=code) == []
    assert work(job(run_id, attempt="b"), success=code, failure=code) == []

    assert (rows(run_id), manifest(run_id)) == wanted


def test_a_table_republished_during_the_fetch_is_fetched_again(replay, monkeypatch):
    run_id, answer = next(run_ids), replay.answer

    def republish(request: Any) -> Answer:
        if request.query.get("offset") == "4800":
            replay.tables[SYNTHETIC].revise("09/02/2024", {("1.0", "1961 Jan"): "7"})
        return answer(request)

    monkeypatch.setattr(download, "CHUNK_PAGES", 3)
    replay.answer = republish
    ((kind, result),) = work(job(run_id))
    replay.answer = answer

    wanted = small_path(SYNTHETIC)
    assert kind == "success"
    assert rows(run_id) == wanted[0]
    assert manifest(run_id).replace(b"refetch-1/", b"") == wanted[1]
    assert b"refetch-1/" in data_bucket.read_bytes(result["manifest"])


def test_a_table_republished_during_every_fetch_is_named(replay):
    run_id, answer, days = next(run_ids), replay.answer, itertools.count(10)

    def republish(request: Any) -> Answer:
        if request.query.get("offset") == "4800":
            replay.tables[SYNTHETIC].revise(f"{next(days)}/02/2024", {})
        return answer(request)

    replay.answer = republish
    ((kind, cause),) = work(job(run_id))

    assert kind == cause["errorType"] == "SourceInconsistent"
    assert failure(kind, cause).sentence.startswith(
        f"{SYNTHETIC} DownloadLargeTable: the table was republished during each of 3"
    )
    assert not is_stored(run_id)


def test_a_retry_after_a_new_vintage_keeps_nothing_of_the_old(replay, monkeypatch):
    monkeypatch.setattr(download, "CHUNK_PAGES", 3)
    run_id = next(run_ids)
    assert work(job(run_id, attempt="a"), success="TaskTimedOut") == []
    table = replay.tables[SYNTHETIC]
    table.rows = table.rows[:6]
    table.revise("09/02/2024", {})

    ((kind, _),) = work(job(run_id, attempt="b"))

    wanted = small_path(SYNTHETIC)
    assert kind == "success"
    assert rows(run_id) == wanted[0]
    assert manifest(run_id).replace(b"refetch-1/", b"") == wanted[1]


def test_a_source_that_refuses_too_many_calls_is_waited_for(replay, monkeypatch):
    monkeypatch.setattr(download, "THROTTLED_SECONDS", 0.1)
    wanted = small_path(SYNTHETIC)[0]
    replay.answer = limited(replay.answer, calls=4, seconds=0.3)
    run_id = next(run_ids)

    ((kind, _),) = work(job(run_id))

    assert kind == "success"
    assert rows(run_id) == wanted


def test_a_source_that_refuses_for_ten_minutes_is_named(replay, monkeypatch):
    waits: list[float] = []
    monkeypatch.setattr(Cancellation, "wait", lambda _, seconds: waits.append(seconds))
    replay.answer = limited(replay.answer, calls=0, seconds=60)

    ((kind, _),) = work(job(next(run_ids)))

    assert kind == "SourceThrottled"
    assert sum(waits) == 600


@pytest.mark.parametrize(
    ("damage", "error", "why"),
    [
        (lambda body: body["Data"]["row"][0]["columns"].pop(), "SourceContract", "the page from cell 0 has 599 cells"),
        (lambda body: body["Data"].pop("limit"), "SourceContract", "the first page reports no limit"),
        (
            lambda body: body.update(StatusCode=503),
            "SourceUnavailable",
            "SingStat answered HTTP 200 with StatusCode 503",
        ),
    ],
)
def test_an_error_of_the_source_is_named(damage, error, why, replay):
    answer = replay.answer

    def damaged(request: Any) -> Answer:
        found = answer(request)
        if "tabledata" not in request.path:
            return found
        body = json.loads(found.body)
        damage(body)
        return replace(found, body=json.dumps(body).encode())

    replay.answer = damaged
    ((kind, cause),) = work(job(next(run_ids)))

    assert kind == cause["errorType"] == error
    assert failure(kind, cause).sentence.startswith(f"{SYNTHETIC} DownloadLargeTable: ")
    assert why in failure(kind, cause).cause


def test_any_other_error_is_named_too(replay, monkeypatch):
    monkeypatch.setattr(data_bucket, "BUCKET", "no-such-bucket")

    ((kind, cause),) = work(job(next(run_ids)))

    assert kind == cause["errorType"] == "ServiceFailed"
    assert failure(kind, cause).sentence.startswith(f"{SYNTHETIC} DownloadLargeTable: NoSuchBucket: ")


def test_a_cross_section_is_refused(monkeypatch):
    table = load_recordings()["8233"]
    with serving(table, monkeypatch):
        ((kind, cause),) = work(job(next(run_ids), table.id))

    assert kind == "SourceContract"
    assert "the metadata has no total" in cause["errorMessage"]


class Surroundings(BaseHTTPRequestHandler):
    """Step Functions, CloudWatch Logs and the instance metadata service for a worker process."""

    calls: ClassVar[list[tuple[str, dict[str, Any]]]]
    notice: ClassVar[bool]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.calls.append((self.headers["X-Amz-Target"].split(".")[-1], json.loads(body)))
        self._answer(200, b"{}")

    def do_PUT(self) -> None:
        self._answer(200, b"token")

    def do_GET(self) -> None:
        self._answer(200 if self.notice and self.headers["X-aws-ec2-metadata-token"] == "token" else 404, b"")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def surroundings() -> Iterator[ThreadingHTTPServer]:
    Surroundings.calls, Surroundings.notice = [], False
    with ThreadingHTTPServer(("127.0.0.1", 0), Surroundings) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server
        server.shutdown()


def called(name: str) -> list[tuple[str, dict[str, Any]]]:
    return [call for call in Surroundings.calls if call[0].startswith(name)]


def process(job: WorkerJob, aws: LocalAWS, surroundings: ThreadingHTTPServer) -> subprocess.Popen[bytes]:
    """The worker process, started as on its instance."""
    key = keys.job(job.run_id, job.table_id, job.attempt)
    data_bucket.write(key, job)
    around = f"http://127.0.0.1:{surroundings.server_address[1]}"
    environment = {
        **{
            name: os.environ[name] for name in ("PATH", "SOURCE_URL", "BACKOFF_SECONDS", "ANSWER_SECONDS", "USER_AGENT")
        },
        **{name.upper(): value for name, value in ADMINISTRATOR.items()},
        "AWS_DEFAULT_REGION": "ap-southeast-1",
        "AWS_ENDPOINT_URL": aws.url,
        "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS": around,
        "AWS_ENDPOINT_URL_SFN": around,
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": around,
        "DATA_BUCKET": data_bucket.BUCKET,
        "PYTHONPATH": str(ROOT / "functions"),
        "WORKER_LOG_GROUP": "group",
    }
    return subprocess.Popen([sys.executable, ROOT / "ec2" / "worker.py", key], env=environment)


def test_sigterm_is_reported_at_once_and_the_next_attempt_resumes(aws, replay, surroundings, monkeypatch):
    wanted, run_id, answer = small_path(SYNTHETIC), next(run_ids), replay.answer
    reached, released = threading.Event(), threading.Event()

    def hangs_at_one_page(request: Any) -> Answer:
        if request.query.get("offset") == "4800":
            reached.set()
            released.wait()
        return answer(request)

    replay.answer = hangs_at_one_page
    worker_process = process(job(run_id, attempt="a", connections=1), aws, surroundings)
    assert reached.wait(60)
    worker_process.send_signal(signal.SIGTERM)
    assert worker_process.wait(60) == 0
    released.set()
    first, *_, last = called("SendTask")

    with serving(replay.tables[SYNTHETIC], monkeypatch, cells_per_page=600) as second:
        ((kind, _),) = work(job(run_id, attempt="b"))

    assert first == ("SendTaskHeartbeat", {"taskToken": "token of a"})
    assert (last[0], last[1]["error"]) == ("SendTaskFailure", "SpotInterrupted")
    logged = [json.loads(event["message"]) for _, sent in called("PutLogEvents") for event in sent["logEvents"]]
    assert {record["run_id"] for record in logged} == {run_id}
    assert kind == "success"
    assert asked(second) == [4800, 5400]
    assert (rows(run_id), manifest(run_id)) == wanted


def test_a_spot_interruption_is_reported(aws, replay, surroundings):
    Surroundings.notice = True
    answer, released = replay.answer, threading.Event()

    def hangs(request: Any) -> Answer:
        if "tabledata" in request.path:
            released.wait()
        return answer(request)

    replay.answer = hangs
    worker_process = process(job(next(run_ids)), aws, surroundings)
    assert worker_process.wait(60) == 0
    released.set()

    assert called("SendTask")[-1][1]["error"] == "SpotInterrupted"


def test_without_a_metadata_service_the_watch_ends(monkeypatch):
    with Replay({}) as nothing:
        monkeypatch.setattr(host, "METADATA", nothing.url)
        cancellation = Cancellation()
        host.watch_for_interruption(cancellation)

    cancellation.check()
