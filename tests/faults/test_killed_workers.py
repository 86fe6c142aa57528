"""Whatever happens to a worker, the run ends right or fails by name, and what is published is the same."""

import json
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from copy import deepcopy

import pytest
from pipeline.contracts.states import RunRequest

from local.cli.results import RunResult
from local.cli.run import run
from local.cloud.aws import LocalAWS
from local.cloud.sql import athena
from local.cloud.sql.catalogue import PUBLISHED
from local.replay.server import Replay
from tests.support.projects import WITHOUT_REPORT, with_definition
from tests.support.seed import SEED
from tests.support.waiting import wait_for, workers_at_work

TABLE = "M550002"
AT_ONCE = 3
COPIES = [f"M55900{number}" for number in range(AT_ONCE)]
HEARTBEAT_SECONDS = 20
PAGE_SECONDS = 0.02
UNDISTURBED_SECONDS = 6.0


Shown = tuple[tuple[str, int, str], tuple[str | None, ...]]
"""What is published of a table, and what readers see of it."""

Round = tuple[RunResult, list[Shown], set[str]]
"""A run of all copies: its result, what is shown of each, and the instances whose workers were ended."""


class Workers:
    """A laptop on which M550002 and its copies are large: 12,122 cells in pages of 60, slowly answered, and a short
    heartbeat.
    """

    def __init__(self, aws: LocalAWS, replay: Replay) -> None:
        self.aws, self.replay = aws, replay
        self.rounds: dict[int, Round] = {}

    def run(self, disturb: Callable[[], None] = lambda: None, *, tables: Sequence[str] = (TABLE,)) -> RunResult:
        thread = threading.Thread(target=disturb)
        thread.start()
        result = run(self.aws, RunRequest(tables=list(tables), force=True), lambda *_: None)
        thread.join()
        return result

    def instances(self) -> list[dict]:
        pages = self.aws.client("ec2").describe_instances()["Reservations"]
        return [instance for page in pages for instance in page["Instances"]]

    def alive(self) -> list[str]:
        return [each["InstanceId"] for each in self.instances() if each["State"]["Name"] != "terminated"]

    def published(self, table: str = TABLE) -> tuple[str, int, str]:
        (path,) = self.aws.lake.glob(f"*/publications/{table}.json")
        record = json.loads(path.read_bytes())
        return record["checksum"], record["observations"], record["edition"]

    def readers_see(self, table: str = TABLE) -> tuple[str | None, ...]:
        sql = f"""SELECT count(*), count(DISTINCT series_no), sum(value), count(DISTINCT vintage)
                  FROM monthly WHERE table_id = '{table}'"""
        return athena.run(sql, PUBLISHED, [], self.aws.lake).rows[0]

    def processes(self) -> list[int]:
        return workers_at_work(self.aws)

    def shown(self, table: str = TABLE) -> Shown:
        return self.published(table), self.readers_see(table)

    def started(self, table: str, since: set[str]) -> str:
        """The id of the instance that was launched for a table, "" until it is."""
        for instance in self.instances():
            if instance["InstanceId"] not in since and {"Key": "table_id", "Value": table} in instance["Tags"]:
                return str(instance["InstanceId"])
        return ""


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workers]:
    template = with_definition(
        tmp_path_factory.mktemp("project"),
        WITHOUT_REPORT,
        ('"HeartbeatSeconds": 300', f'"HeartbeatSeconds": {HEARTBEAT_SECONDS}'),
        ('"heartbeat_seconds": 300', f'"heartbeat_seconds": {HEARTBEAT_SECONDS}'),
        ('"IntervalSeconds": 5', '"IntervalSeconds": 1'),
    )
    with Replay(cells_per_page=60) as replay:
        usual = replay.answer

        def slowly(request):
            time.sleep(PAGE_SECONDS)
            return usual(request)

        replay.answer = slowly
        for copy in COPIES:
            replay.tables[copy] = deepcopy(replay.tables[TABLE])
            replay.tables[copy].header["id"] = copy
        parameters = {
            "SourceUrl": replay.url,
            "PollSeconds": "1",
            "BackoffSeconds": "0",
            "LargeTableCells": "5000",
        }
        with LocalAWS(tmp_path_factory.mktemp("lake"), template, parameters) as aws:
            yield Workers(aws, replay)


@pytest.fixture(scope="module")
def undisturbed(workers: Workers) -> dict[str, Shown]:
    for tables in ([TABLE], COPIES):
        result = workers.run(tables=tables)
        assert result.status == "SUCCEEDED", [table.error for table in result.tables]
        wait_for(lambda: not workers.alive())
    return {table: workers.shown(table) for table in (TABLE, *COPIES)}


def kill(workers: Workers, instance: str) -> None:
    signalled(workers, instance, signal.SIGKILL)


def interrupt(workers: Workers, instance: str) -> None:
    signalled(workers, instance, signal.SIGTERM)


def signalled(workers: Workers, instance: str, by: signal.Signals) -> None:
    group = workers.aws.instances.started[instance].instance.process_group
    for process in workers.processes():
        with suppress(ProcessLookupError):
            if os.getpgid(process) == group:
                os.kill(process, by)


def terminate(workers: Workers, instance: str) -> None:
    workers.aws.client("ec2").terminate_instances(InstanceIds=[instance])


WAYS = (kill, interrupt, terminate)
SEEDS = [*range(30), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(30, 100))]


def disturbed(workers: Workers, number: int) -> Round:
    """A run in which each copy's worker ends at a moment of its own seed, in a way of its own."""
    before = {instance["InstanceId"] for instance in workers.instances()}
    ended: set[str] = set()

    def disturb(place: int) -> None:
        seed = number * AT_ONCE + place
        moment = random.Random(f"{SEED} {seed}").uniform(0, UNDISTURBED_SECONDS)
        wait_for(lambda: workers.started(COPIES[place], before))
        time.sleep(moment)
        instance = workers.started(COPIES[place], before)
        WAYS[seed % len(WAYS)](workers, instance)
        ended.add(instance)

    def disturb_all() -> None:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(disturb, range(AT_ONCE)))

    result = workers.run(disturb_all, tables=COPIES)
    return result, [workers.shown(copy) for copy in COPIES], ended


@pytest.mark.parametrize("seed", SEEDS)
def test_a_worker_that_ends_at_any_moment_is_replaced(workers, undisturbed, seed):
    number, place = divmod(seed, AT_ONCE)
    if number not in workers.rounds:
        workers.rounds[number] = disturbed(workers, number)
    result, copies, ended = workers.rounds[number]

    assert result.tables[place].status == "published", result.tables[place].error
    assert copies[place] == undisturbed[COPIES[place]]
    assert len(ended) == AT_ONCE
    wait_for(lambda: not workers.alive())


def test_a_zombie_changes_nothing(workers, undisturbed):
    frozen: list[int] = []
    before = len(workers.instances())

    def freeze() -> None:
        wait_for(workers.processes)
        time.sleep(1)
        frozen.extend(workers.processes())
        for process in frozen:
            os.kill(process, signal.SIGSTOP)
        wait_for(lambda: len(workers.instances()) == before + 2 and len(workers.processes()) > len(frozen))
        for process in frozen:
            os.kill(process, signal.SIGCONT)

    result = workers.run(freeze)

    assert frozen
    assert result.status == "SUCCEEDED", result
    assert workers.shown() == undisturbed[TABLE]
    wait_for(lambda: not workers.alive())
    assert not set(frozen) & set(workers.processes())


def test_lacking_the_next_type_is_taken_and_then_the_table_fails_by_name(workers, undisturbed):
    instances = workers.aws.instances
    instances.lacking.update({"t4g.small"})
    first = workers.run()
    taken = workers.instances()[-1]["InstanceType"]
    instances.lacking.update({"t4g.medium", "c7g.medium"})
    second = workers.run()
    instances.lacking.clear()

    assert first.status == "SUCCEEDED", first
    assert taken == "t4g.medium"
    assert second.status == "FAILED"
    assert "EC2 has no capacity for t4g.small, t4g.medium, c7g.medium in 2 zones" in second.tables[0].error
    assert workers.readers_see() == undisturbed[TABLE][1]
    wait_for(lambda: not workers.alive())


def test_zones_are_tried_in_turn_before_the_next_type(workers, undisturbed):
    first, second = workers.aws.resource("WorkerSubnet0"), workers.aws.resource("WorkerSubnet1")
    workers.aws.instances.lacking.add((workers.aws.instances.zones[first], "t4g.small"))
    result = workers.run()
    workers.aws.instances.lacking.clear()
    taken = workers.instances()[-1]
    tags = {tag["Key"]: tag["Value"] for tag in taken["Tags"]}

    assert result.status == "SUCCEEDED", result
    assert (taken["InstanceType"], taken["SubnetId"]) == ("t4g.small", second)
    assert tags.items() >= {"application": "singstat", "run_id": result.run_id, "table_id": TABLE}.items()
    assert workers.readers_see() == undisturbed[TABLE][1]
    wait_for(lambda: not workers.alive())


def test_an_aborted_run_leaves_no_instance(workers, undisturbed):
    execution = workers.aws.start({"tables": [TABLE], "force": True}, "aborted-large")
    wait_for(workers.processes)
    workers.aws.client("stepfunctions").stop_execution(executionArn=execution)

    wait_for(lambda: not workers.alive())

    assert workers.processes() == []
    assert workers.readers_see() == undisturbed[TABLE][1]
