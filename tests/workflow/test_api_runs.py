"""Runs over HTTP: started, followed, refused by name, twenty at once, and reports behind links."""

import gzip
import json
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from pipeline.api import link_token

from local.cli.serve import Endpoint, serving
from local.cloud.account import REGION
from local.cloud.lock import Lock
from tests.support.laptop import SINGSTAT, Laptop, call

REPORT = f"{link_token.REPORTS}runs/demo-1/report.html"
PATIENCE_SECONDS = 240
TABLE = "M212161"
RUNS = tuple(f"at-once-{number}" for number in range(20))
ENDINGS = {"ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut"}


@pytest.fixture(scope="module")
def door(switched_on: Laptop) -> Iterator[Endpoint]:
    with serving(switched_on.aws) as opened:
        yield opened


def ask(door: Endpoint, method: str, path: str, body: Any = None, key: str = "") -> requests.Response:
    """A signed request, as docs/api.md shows it."""
    data = None if body is None else json.dumps(body)
    headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {})
    request = AWSRequest(method, door.url + path, headers, data)
    assert door.keys
    SigV4Auth(Credentials(*door.keys), "execute-api", REGION).add_auth(request)
    return requests.request(method, door.url + path, headers=dict(request.headers), data=data, timeout=60)


def until_it_ends(status: Callable[[], Any]) -> list[Any]:
    """All that is told of a run until it has ended."""
    told, end = [status()], time.monotonic() + PATIENCE_SECONDS
    while told[-1]["status"] == "RUNNING":
        assert time.monotonic() < end
        time.sleep(0.2)
        told.append(status())
    return told


def follow(door: Endpoint, run_id: str) -> list[Any]:
    return until_it_ends(lambda: ask(door, "GET", f"/runs/{run_id}").json())


class TestStatus:
    def test_a_run_is_told_from_start_to_end(self, laptop: Laptop, door: Endpoint) -> None:
        started = ask(door, "POST", "/yearly", {"tables": ["M400751", "M999999"]}, "told-1")
        told = follow(door, "told-1")
        assert (started.status_code, started.json()["statusUrl"]) == (202, f"{door.url}/runs/told-1")
        left = [one["tables"]["left"] for one in told if one["tables"]["planned"]]
        assert left == sorted(left, reverse=True)
        last = told[-1]
        assert (last["status"], last["state"], last["error"]) == ("FAILED", "SomeTablesFailed", "SomeTablesFailed")
        assert last["tables"] == {"planned": 2, "done": 1, "failed": 1, "left": 0}
        assert [(one["tableId"], one["error"]) for one in last["failures"]] == [("M999999", "TableNotFound")]
        assert last["nextStep"]
        assert last["startedAt"] < last["endedAt"]
        assert laptop.query("SELECT count(*) AS n FROM yearly WHERE table_id = 'M400751'") != [{"n": "0"}]

    def test_a_table_of_another_frequency_fails_by_name_and_nothing_of_it_is_stored(
        self, laptop: Laptop, door: Endpoint
    ) -> None:
        ask(door, "POST", "/yearly", {"tables": ["M212261"]}, "wrong-frequency")
        last = follow(door, "wrong-frequency")[-1]
        assert (last["status"], [one["error"] for one in last["failures"]]) == ("FAILED", ["WrongFrequency"])
        assert not list(laptop.lake.glob("*/untransformedsingstatdata/*/M212261/**/*.gz"))
        assert not list(laptop.lake.glob("*/publications/M212261.json"))

    @pytest.mark.parametrize(
        ("run_id", "refusal"),
        [
            ("none", (404, "RunNotFound")),
            ("..%2Fplan", (400, "InvalidRunId")),
            ("a:b", (400, "InvalidRunId")),
            ("x" * 81, (400, "InvalidRunId")),
            ("a%0Ab", (400, "InvalidRunId")),
        ],
    )
    def test_runs_that_are_not_there(self, door: Endpoint, run_id: str, refusal: tuple[int, str]) -> None:
        answer = ask(door, "GET", f"/runs/{run_id}")
        assert (answer.status_code, answer.json()["error"]) == refusal


def start_twenty(laptop: Laptop, door: Endpoint) -> tuple[list[Any], set[str]]:
    """How each run ended, and every number of rows that readers saw meanwhile."""
    over, seen = threading.Event(), set[str]()

    def read() -> None:
        while not over.wait(0.2):
            seen.add(laptop.query(f"SELECT count(*) AS n FROM quarterly WHERE table_id = '{TABLE}'")[0]["n"])

    reader = threading.Thread(target=read)
    reader.start()
    with ThreadPoolExecutor(len(RUNS)) as pool:
        answers = list(pool.map(lambda name: ask(door, "POST", "/quarterly", {"tables": [TABLE]}, name), RUNS))
    assert {answer.status_code for answer in answers} == {202}
    ends = [follow(door, name)[-1] for name in RUNS]
    over.set()
    reader.join()
    return ends, seen


def record(laptop: Laptop) -> Any:
    (path,) = laptop.lake.glob(f"*/publications/{TABLE}.json")
    return json.loads(path.read_bytes())


def test_twenty_at_once_keep_every_promise(laptop: Laptop, door: Endpoint) -> None:
    """One test, so that twenty runs are enough for all of it."""
    ends, seen = start_twenty(laptop, door)

    # exactly one publication, written once: who comes second finds its content published
    published = record(laptop)
    bucket, key = laptop.aws.resource("DataBucket"), f"publications/{TABLE}.json"
    assert len(laptop.aws.client("s3").list_object_versions(Bucket=bucket, Prefix=key)["Versions"]) == 1
    assert [edition["edition"] for edition in published["editions"]] == [published["edition"]]
    assert published["run_id"] in RUNS
    assert laptop.query(f"SELECT count(*) AS n FROM tables WHERE table_id = '{TABLE}'") == [{"n": "1"}]
    editions = laptop.query(f"SELECT DISTINCT edition FROM quarterly_vintages WHERE table_id = '{TABLE}'")
    assert editions == [{"edition": published["edition"]}]

    # I1: readers saw nothing or the whole
    assert seen <= {"0", "146"}

    # I2: every page is kept as it came
    kept = list(laptop.lake.glob(f"*/untransformedsingstatdata/quarterly/{TABLE}/*/page-*.json.gz"))
    url = f"{laptop.replay.url}/tabledata/{TABLE}?limit=5000"
    answer = requests.get(url, headers={"User-Agent": "workflow-test/1.0"}, timeout=10)
    assert kept
    assert {gzip.decompress(page.read_bytes()) for page in kept} == {answer.content}

    # I3: every run ends once, and right
    assert {(end["status"], *end["failures"]) for end in ends} == {("SUCCEEDED",)}
    assert {end["tables"]["left"] for end in ends} == {0}
    executions = laptop.aws.resource("Pipeline").replace(":stateMachine:", ":execution:")
    for run_id in RUNS:
        kinds = [event["type"] for event in laptop.aws.history(f"{executions}:{run_id}")]
        assert sum(kind in ENDINGS for kind in kinds) == 1

    # I4: nothing is left running
    machine, client = laptop.aws.resource("Pipeline"), laptop.aws.client("stepfunctions")
    assert client.list_executions(stateMachineArn=machine, statusFilter="RUNNING")["executions"] == []
    brew = laptop.aws.client("databrew")
    assert (brew.list_jobs()["Jobs"], brew.list_datasets()["Datasets"]) == ([], [])

    # I5: once more changes nothing
    ask(door, "POST", "/quarterly", {"tables": [TABLE]}, "once-more")
    assert follow(door, "once-more")[-1]["tables"] == {"planned": 1, "done": 1, "failed": 0, "left": 0}
    assert record(laptop) == published

    # I6: every cell, value by value
    table = laptop.replay.tables[TABLE]
    sent = {(row.number, column["key"]): column["value"] for row in table.rows for column in row.columns}
    found = laptop.query(f"SELECT series_no, period, value_text FROM quarterly WHERE table_id = '{TABLE}'")
    assert {(row["series_no"], row["period"]): row["value_text"] for row in found} == sent
    assert len(found) == len(sent) == published["observations"]


class TestLinks:
    @pytest.fixture
    def report(self, laptop: Laptop) -> str:
        laptop.aws.put(f"s3://{laptop.aws.resource('ResultsBucket')}/{REPORT}", b"<p>it's the report</p>")
        return REPORT

    def link(self, laptop: Laptop, key: str, made: datetime) -> str:
        """The path of a link for seven days."""
        kms, signing = laptop.aws.client("kms"), laptop.aws.resource("LinkKey")

        def sign(message: bytes) -> bytes:
            return kms.generate_mac(KeyId=signing, Message=message, MacAlgorithm="HMAC_SHA_256")["Mac"]

        return f"/links/{link_token.create(key, made, 7, sign)}"

    def test_a_link_opens_the_report_without_a_signature(self, laptop: Laptop, door: Endpoint, report: str) -> None:
        link = door.url + self.link(laptop, report, datetime.now(UTC) - timedelta(days=6, hours=23))
        answer = requests.get(link, allow_redirects=False, timeout=30)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (302, "no-store")
        assert requests.get(answer.headers["Location"], timeout=30).content == b"<p>it's the report</p>"
        headed = requests.head(f"{link}).", timeout=30)
        assert (headed.status_code, headed.content) == (302, b"")
        assert requests.head(headed.headers["Location"], timeout=30).status_code == 200
        laptop.aws.client("s3").delete_object(Bucket=laptop.aws.resource("ResultsBucket"), Key=report)
        assert requests.get(link, allow_redirects=False, timeout=30).status_code == 404

    def test_one_that_is_over_or_forged_does_not(self, laptop: Laptop, door: Endpoint, report: str) -> None:
        good = self.link(laptop, report, datetime.now(UTC))
        over = self.link(laptop, report, datetime.now(UTC) - timedelta(days=7, seconds=1))
        flipped = good[:20] + ("A" if good[20] != "A" else "B") + good[21:]
        statuses = [
            requests.get(door.url + link, allow_redirects=False, timeout=30).status_code
            for link in (good, over, flipped, good[:-1], good + "A", "/links/x")
        ]
        assert statuses == [302, 410, 403, 403, 403, 403]


class TestCommand:
    def serve(self, lake: Path, *words: str) -> tuple[subprocess.Popen[str], str]:
        """The command at work, and the line that it says."""
        process = subprocess.Popen(
            [SINGSTAT, "serve", "--port", "0", "--lake", lake, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout
        return process, process.stdout.readline()

    def test_from_the_first_request_to_the_interrupt(self, lake: Path) -> None:
        process, line = self.serve(lake, "--no-auth")
        url = line.strip()
        headers = {"Idempotency-Key": "demo-1", "Content-Type": "application/x-www-form-urlencoded"}
        answers = [
            requests.post(f"{url}/monthly", data='{"tables":["M550002"]}', headers=headers, timeout=60)
            for _ in range(2)
        ]
        assert [answer.status_code for answer in answers] == [202, 202]
        assert answers[0].json() == answers[1].json()
        other = requests.post(f"{url}/monthly", data="{}", headers=headers, timeout=60)
        assert (other.status_code, other.json()["error"]) == (409, "RunExists")
        assert other.json()["statusUrl"] == f"{url}/runs/demo-1"
        assert until_it_ends(lambda: requests.get(f"{url}/runs/demo-1", timeout=60).json())[-1]["status"] == "SUCCEEDED"
        assert "Complete" in call("explain", "demo-1", lake=lake).stdout
        requests.post(f"{url}/quarterly", headers={"Idempotency-Key": "cut-off"}, timeout=60)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        out, told = process.communicate()
        assert (out, "stopped the run cut-off: `singstat redrive cut-off` goes on" in " ".join(told.split())) == (
            "",
            True,
        )
        assert "ABORTED" in call("explain", "cut-off", lake=lake).stdout
        Lock(lake).take()  # nobody holds it

    def test_it_says_how_to_sign_and_takes_nothing_else(self, lake: Path) -> None:
        process, line = self.serve(lake)
        url = line.split()[0]
        assert "AWS_ACCESS_KEY_ID=AKIA" in line
        assert requests.post(f"{url}/monthly", timeout=60).status_code == 403
        process.terminate()
        assert process.wait(60) == 0

    def test_a_port_that_is_taken_is_one_line(self, lake: Path, door: Endpoint) -> None:
        done = call("serve", "--port", door.url.rpartition(":")[2], lake=lake)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert "Address already in use" in done.stderr
