"""The one reader of an execution's history, against histories as GetExecutionHistory returns them."""

import json
from datetime import datetime, timedelta

import pytest
from pipeline.errors import SourceUnavailable
from pipeline.run.history import read, read_execution

from local.cli.story import summarise
from tests.support.histories import START, Execution


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def two_tables() -> Execution:
    """Two iterations of a map side by side; one download fails once and is then retried."""
    run = Execution()
    run.enter("DownloadTables", 1, "Map")
    one, two = run.enter("DownloadTable", 2), run.enter("DownloadTable", 3)
    located = SourceUnavailable("no response").at("DownloadTable", "M1000")
    cause = json.dumps({"errorMessage": str(located), "errorType": "SourceUnavailable"})
    failed = run.call("DownloadTable", 4, 6, "Failed", before=one, error="SourceUnavailable", cause=cause)
    done = run.call("DownloadTable", 5, 7, before=two, status="stored")
    run.leave("DownloadTable", 7, before=done)
    retried = run.call("DownloadTable", 8, 9, before=failed, status="stored")
    run.leave("DownloadTable", 9, before=retried)
    run.leave("DownloadTables", 10)
    run.end(11)
    return run


def test_visits_of_a_state_are_counted_from_the_first_entry_to_the_last_exit():
    history = read(two_tables().events)
    visits = [(name, each.entered, each.left, each.times, each.done) for name, each in history.states.items()]

    assert visits == [("DownloadTables", at(1), at(10), 1, 1), ("DownloadTable", at(2), at(9), 2, 2)]
    assert (history.began, history.state, history.entered, history.ending) == (at(0), "DownloadTable", 3, "Succeeded")


def test_attempts_in_parallel_iterations_are_kept_apart():
    first, second, third = read(two_tables().events).of("DownloadTable")

    assert [(each.state, each.began, each.ended) for each in (first, second, third)] == [
        ("DownloadTable", at(4), at(6)),
        ("DownloadTable", at(5), at(7)),
        ("DownloadTable", at(8), at(9)),
    ]
    assert first.failure == SourceUnavailable("no response").failure("DownloadTable", "M1000")
    assert (second.failure, second.output, third.failure) == (None, {"status": "stored"}, None)


@pytest.mark.parametrize("newest", range(1, 14))
def test_a_history_without_its_oldest_events_can_be_read(newest):
    events = two_tables().events[-newest:]
    description = {"status": "FAILED", "error": "E", "cause": "c", "startDate": at(0), "stopDate": at(11)}
    execution = read_execution(description, events[::-1])

    assert execution.state == ("DownloadTable" if "stateEnteredEventDetails" in str(events) else "")
    assert (execution.started_at, execution.ended_at) == (at(0).isoformat(), at(11).isoformat())
    assert execution.failure
    assert execution.failure.sentence.startswith("c. Next: ")


@pytest.mark.parametrize(
    ("outcome", "details", "ended"),
    [
        ("Succeeded", {}, "succeeded"),
        ("Failed", {"error": "SpotInterrupted", "cause": "the instance was shut down"}, "SpotInterrupted"),
        ("TimedOut", {"error": "States.HeartbeatTimeout"}, "States.HeartbeatTimeout"),
        ("TimedOut", {}, "TimedOut"),
    ],
)
def test_a_worker_is_known_from_its_launch_to_its_answer(outcome, details, ended):
    run = Execution()
    run.worker(10, 70, outcome=outcome, **details)
    story = summarise("r", {}, {"status": "RUNNING"}, read(run.events))

    (worker,) = story.workers
    assert (worker.table_id, worker.instance_id, worker.ended) == ("M1000", "i-1", ended)
    assert worker.report == ({"manifest": "m", "pages": 100, "chunks": 2} if outcome == "Succeeded" else {})
    assert [failure.error for failure in story.failures] == ([] if outcome == "Succeeded" else [ended])


def test_a_worker_without_an_answer():
    run = Execution()
    run.worker(10, None)

    assert [worker.ended for worker in summarise("r", {}, {"status": "RUNNING"}, read(run.events)).workers] == [
        "no answer"
    ]


def test_a_run_that_has_just_started_has_no_state():
    story = summarise("r", {"tables": ["M1000"]}, {"status": "RUNNING", "error": None, "cause": None}, None)

    assert (story.states, story.entered, story.error) == ([], 0, "")
