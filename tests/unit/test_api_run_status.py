"""The response of `GET /runs/{runId}`: counts that add up, our causes and next steps, no text of AWS."""

import json
from datetime import UTC, datetime

import msgspec
import pytest
from pipeline.api.run_status import describe
from pipeline.contracts.records import DownloadOutcome, PublishOutcome, Tally
from pipeline.errors import (
    DEFAULT_NEXT_STEP,
    Failure,
    InputInvalid,
    ServiceFailed,
    SomeTablesFailed,
    TableNotFound,
    WrongFrequency,
)
from pipeline.run.history import Execution, read_execution
from pipeline.run.outcomes import RunOutcomes
from pipeline.run.plan import RUN_ID, check_frequency

CAUSE = "SingStat has no such table (404)"
LOCATED = TableNotFound(CAUSE).at("DownloadTable", "M999999")
SENTENCE = f"M999999 DownloadTable: {CAUSE}. Next: {TableNotFound.next_step}"
AWS_WORDS = "An error occurred (AccessDenied) when calling PutObject: arn:aws:iam::account:role/x"


def run(**fields: object) -> Execution:
    """The execution as DescribeExecution and GetExecutionHistory describe it."""
    description = {"status": "RUNNING", "startDate": datetime(2026, 11, 23, 8, tzinfo=UTC)} | fields
    entered = [event(number, state) for number, state in enumerate(("PlanRun", fields.get("state", "DownloadTable")))]
    return read_execution(description, entered[::-1])


def event(number: int, state: object) -> dict[str, object]:
    moment = datetime(2026, 11, 23, 8, 0, number, tzinfo=UTC)
    kind = {"type": "TaskStateEntered", "timestamp": moment, "id": number + 1, "previousEventId": number}
    return kind | {"stateEnteredEventDetails": {"name": state}}


FAILURE = LOCATED.failure("DownloadTable", "M999999")


def tables(status: str, *ids: str, error: Failure = FAILURE) -> list[DownloadOutcome]:
    error = error if status == "failed" else None
    return [DownloadOutcome(table_id=name, status=status, error=error) for name in ids]


def outcomes(
    planned: int = 0, published: PublishOutcome | None = None, **downloads: list[DownloadOutcome]
) -> RunOutcomes:
    return RunOutcomes(planned=planned, downloads=Tally(**downloads), published=published)


def counts(found: RunOutcomes) -> tuple[int, int, int, int]:
    return msgspec.structs.astuple(describe("r", run(), found).tables)


def test_a_run_that_has_not_planned_yet():
    assert json.loads(msgspec.json.encode(describe("r", run(state="PlanRun"), outcomes()))) == {
        "runId": "r",
        "status": "RUNNING",
        "state": "PlanRun",
        "startedAt": "2026-11-23T08:00:00+00:00",
        "endedAt": None,
        "tables": {"planned": 0, "done": 0, "failed": 0, "left": 0},
        "failures": [],
        "error": None,
        "cause": None,
        "nextStep": None,
    }


def test_what_is_stored_is_done_only_when_it_is_published():
    downloads = {
        "stored": tables("stored", "M1000", "M1001", "M1002"),
        "unchanged": tables("unchanged", "M1003"),
        "failed": tables("failed", "M1004"),
    }
    published = PublishOutcome(published=["M1000", "M1001"], failed=tables("failed", "M1002"))

    assert counts(outcomes(6, **downloads)) == (6, 1, 1, 4)
    assert counts(outcomes(5, published, **downloads)) == (5, 3, 2, 0)


@pytest.mark.parametrize("status", ["RUNNING", "SUCCEEDED", "PENDING_REDRIVE"])
def test_what_has_not_failed_has_no_error(status):
    answer = describe("r", run(status=status), outcomes())

    assert (answer.error, answer.cause, answer.next_step) == (None, None, None)


@pytest.mark.parametrize(
    ("error", "cause", "expected"),
    [
        pytest.param(
            "TableNotFound", json.dumps({"errorMessage": str(LOCATED)}), (CAUSE, TableNotFound.next_step), id="ours"
        ),
        pytest.param(
            "SomeTablesFailed", "Some tables", ("Some tables", SomeTablesFailed.next_step), id="the state machine's"
        ),
        pytest.param("Boom", json.dumps({"errorMessage": AWS_WORDS}), None, id="AWS's, by a function"),
        pytest.param("Boom", AWS_WORDS, None, id="AWS's"),
        pytest.param("Boom", "", None, id="none"),
    ],
)
def test_only_our_own_words_are_passed_on(error, cause, expected):
    answer = describe("r", run(status="FAILED", error=error, cause=cause), outcomes())

    assert answer.error == error
    if expected:
        assert (answer.cause, answer.next_step) == expected
    else:
        assert answer.cause is None
        assert "look at the execution" in answer.next_step


def test_an_aborted_run_is_called_so():
    assert describe("r", run(status="ABORTED"), outcomes()).error == "ABORTED"


@pytest.mark.parametrize(
    ("error", "message", "cause", "next_step"),
    [
        (FAILURE, SENTENCE, CAUSE, TableNotFound.next_step),
        (
            Failure(error="ClientError", cause=AWS_WORDS),
            "the execution's history has the cause",
            None,
            DEFAULT_NEXT_STEP,
        ),
        (
            Failure(error="ServiceFailed", cause=AWS_WORDS, next_step=ServiceFailed.next_step),
            "the execution's history has the cause",
            None,
            ServiceFailed.next_step,
        ),
    ],
    ids=["ours", "AWS's", "AWS's, named"],
)
def test_a_table_that_failed(error, message, cause, next_step):
    (failure,) = describe("r", run(), outcomes(1, failed=tables("failed", "M999999", error=error))).failures

    assert (failure.table_id, failure.error, failure.message) == ("M999999", error.error, message)
    assert (failure.cause, failure.next_step) == (cause, next_step)


@pytest.mark.parametrize("run_id", ["", "a" * 81, "a b", "../x", "a\n", "a:b", "\uff11", "a%2fb"])
def test_a_bad_id(run_id):
    assert not RUN_ID.fullmatch(run_id)


def test_a_table_has_the_frequency_that_was_asked_for():
    check_frequency("", "half_yearly")
    check_frequency("yearly", "yearly")
    with pytest.raises(WrongFrequency, match="the table is quarterly, not monthly") as raised:
        check_frequency("monthly", "quarterly")
    assert isinstance(raised.value, InputInvalid)
