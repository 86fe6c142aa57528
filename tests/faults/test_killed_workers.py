"""Whatever happens to a worker, the run ends right or fails by name, and what is published is the same."""

import json
import os
import random
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from pipeline.contracts.states import RunRequest

from local.cli.results import RunResult
from local.cli.run import run
from local.cloud.aws import LocalAWS
from local.cloud.sql import athena
from local.cloud.sql.catalogue import PUBLISHED
from local.cloud.stack.template import TEMPLATE
from local.replay.server import Replay
from tests.support.waiting import wait_for, workers_at_work

TABLE = "M550002"
HEARTBEAT_SECONDS = 10
PAGE_SECONDS = 0.02
UNDISTURBED_SECONDS = 6.0


class Workers:
    """A laptop on which M550002 is large: 12,122 cells in pages of 60, slowly answered, and a short heartbeat."""

    def __init__(self, aws: LocalAWS, replay: Replay) -> None:
        self.aws, self.replay = aws, replay

    def run(self, disturb: Callable[[], None] = lambda: None) -> RunResult:
        thread = threading.Thread(target=disturb)
        thread.start()
        result = run(self.aws, RunRequest(tables=[TABLE], force=True), lambda *_: None)
        thread.join()
        return result

    def instances(self) -> list[dict]:
        pages = self.aws.client("ec2").describe_instances()["Reservations"]
        return [instance for page in pages for instance in page["Instances"]]

    def alive(self) -> list[str]:
        return [each["InstanceId"] for each in self.instances() if each["State"]["Name"] != "terminated"]

    def published(self) -> tuple[str, int, str]:
        (path,) = self.aws.lake.glob(f"*/publications/{TABLE}.json")
        record = json.loads(path.read_bytes())
        return record["checksum"], record["observations"], record["edition"]

    def readers_see(self) -> tuple[str | None, ...]:
        sql = f"""SELECT count(*), count(DISTINCT series_no), sum(value), count(DISTINCT vintage)
                  FROM monthly WHERE table_id = '{TABLE}'"""
        return athena.run(sql, PUBLISHED, [], self.aws.lake).rows[0]

    def processes(self) -> list[int]:
        return workers_at_work(self.aws)


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workers]:
    folder = tmp_path_factory.mktemp("project")
    for name in ("functions", "databrew", "ec2", "quicksight"):
        (folder / name).symlink_to(TEMPLATE.parent / name)
    shutil.copy(TEMPLATE, folder)
    definition = (TEMPLATE.parent / "statemachine" / "pipeline.asl.json").read_text("utf-8")
    shorter = definition.replace('"HeartbeatSeconds": 300', f'"HeartbeatSeconds": {HEARTBEAT_SECONDS}')
    shorter = shorter.replace('"heartbeat_seconds": 300', f'"heartbeat_seconds": {HEARTBEAT_SECONDS}')
    shorter = shorter.replace('"IntervalSeconds": 5', '"IntervalSeconds": 1')
    assert shorter.count(f": {HEARTBEAT_SECONDS}") >= 2
    (folder / "statemachine").mkdir()
    (folder / "statemachine" / "pipeline.asl.json").write_text(shorter, "utf-8")
    with Replay(cells_per_page=60) as replay:
        usual = replay.answer

        def slowly(request):
            time.sleep(PAGE_SECONDS)
            return usual(request)

        replay.answer = slowly
        parameters = {
            "SourceUrl": replay.url,
            "PollSeconds": "1",
            "BackoffSeconds": "0",
            "LargeTableCells": "5000",
        }
        with LocalAWS(tmp_path_factory.mktemp("lake"), folder / "template.yaml", parameters) as aws:
            yield Workers(aws, replay)


@pytest.fixture(scope="module")
def undisturbed(workers: Workers) -> tuple[tuple[str, int, str], tuple[str | None, ...]]:
    result = workers.run()
    assert result.status == "SUCCEEDED", result
    wait_for(lambda: not workers.alive())
    return workers.published(), workers.readers_see()


def kill(workers: Workers) -> None:
    for process in workers.processes():
        os.kill(process, signal.SIGKILL)


def interrupt(workers: Workers) -> None:
    for process in workers.processes():
        os.kill(process, signal.SIGTERM)


def terminate(workers: Workers) -> None:
    for instance in workers.alive():
        workers.aws.client("ec2").terminate_instances(InstanceIds=[instance])


WAYS = (kill, interrupt, terminate)
SEEDS = [*range(30), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(30, 100))]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_worker_that_ends_at_any_moment_is_replaced(workers, undisturbed, seed):
    moment = random.Random(seed).uniform(0, UNDISTURBED_SECONDS)
    before = len(workers.instances())

    def disturb() -> None:
        wait_for(lambda: len(workers.instances()) > before)
        time.sleep(moment)
        WAYS[seed % len(WAYS)](workers)

    result = workers.run(disturb)

    assert result.status == "SUCCEEDED", result
    assert (workers.published(), workers.readers_see()) == undisturbed
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
    assert (workers.published(), workers.readers_see()) == undisturbed
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
    assert workers.readers_see() == undisturbed[1]
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
    assert workers.readers_see() == undisturbed[1]
    wait_for(lambda: not workers.alive())


def test_an_aborted_run_leaves_no_instance(workers, undisturbed):
    execution = workers.aws.start({"tables": [TABLE], "force": True}, "aborted-large")
    wait_for(workers.processes)
    workers.aws.client("stepfunctions").stop_execution(executionArn=execution)

    wait_for(lambda: not workers.alive())

    assert workers.processes() == []
    assert workers.readers_see() == undisturbed[1]
