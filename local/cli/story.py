"""What `singstat explain` shows of a run: states, failures, workers and cost. Stored in the lake when the run ends."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field
from pipeline.costs.estimate import RunCost
from pipeline.run import history
from pipeline.run.history import History, StateVisit, Try

from local.cli.names import did_you_mean

FOLDER = ".executions"
NOT_ENDED = RunCost(usd=Decimal(0), lines=[], prices_as_of="", region="")


class Failure(Struct):
    """A failed attempt at a task; `cause` is a sentence with the next step."""

    state: str
    error: str
    cause: str


class Worker(Struct, kw_only=True):
    """An attempt at a large table on EC2: how it ended, and the result that the worker reported."""

    table_id: str
    instance_id: str
    ended: str = "no answer"
    report: dict[str, Any] = field(default_factory=dict)


class Story(Struct, kw_only=True):
    """A run. `error` and `cause`, a sentence with the next step, are "" unless it failed."""

    run_id: str
    status: str
    request: dict[str, Any]
    states: list[StateVisit] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    workers: list[Worker] = field(default_factory=list)
    error: str = ""
    cause: str = ""
    cost: RunCost = NOT_ENDED

    def state(self, name: str) -> StateVisit | None:
        return next((visit for visit in self.states if visit.name == name), None)

    @property
    def entered(self) -> int:
        """The number of state entries, repeated visits included."""
        return sum(visit.times for visit in self.states)


def summarise(
    run_id: str, request: Mapping[str, Any], description: Mapping[str, Any], execution: History | None
) -> Story:
    """Summarise an execution, ended or not, from DescribeExecution and its history so far."""
    story = Story(run_id=run_id, status=description["status"], request=dict(request))
    if failure := history.read_ending(description):
        story.error, story.cause = failure.error, failure.sentence
    if execution:
        story.states = list(execution.states.values())
        story.failures = [
            Failure(each.state, each.failure.error, each.failure.sentence) for each in execution.tries if each.failure
        ]
        story.workers = [_worker(each) for each in execution.of("DownloadLargeTable")]
    return story


def _worker(attempt: Try) -> Worker:
    worker = Worker(table_id=attempt.table_id, instance_id=attempt.launched.get("instance_id", ""))
    if attempt.failure:
        worker.ended = attempt.failure.error
    elif attempt.ended:
        worker.ended, worker.report = "succeeded", attempt.output
    return worker


def save(lake: Path, story: Story) -> None:
    """Write the story to the lake."""
    folder = lake / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{story.run_id}.json").write_bytes(msgspec.json.encode(story))


def load(lake: Path, run_id: str | None) -> Story:
    """The story of `run_id`, by default of the latest run. Raises LookupError if the lake has none."""
    stored = {path.stem: path for path in (lake / FOLDER).glob("*.json")}
    if not stored:
        raise LookupError(f"there is no run in {lake} yet: start with `singstat run`")
    newest = max(stored, key=lambda name: stored[name].stat().st_mtime)
    if (wanted := run_id or newest) not in stored:
        raise LookupError(f"no run {wanted} in {lake}{did_you_mean(wanted, stored) or f'; the last is {newest}'}")
    return msgspec.json.decode(stored[wanted].read_bytes(), type=Story)
