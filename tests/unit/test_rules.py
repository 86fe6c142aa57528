"""The small rules: polls, crawls, schemas, verification, publication, errors and the tally."""

import json
import math
import re
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pipeline.contracts.records import DownloadOutcome, Tally
from pipeline.contracts.states import CrawlStatus, Scope
from pipeline.errors import (
    DEFAULT_NEXT_STEP,
    NEXT_STEPS,
    CatalogueFailed,
    Failure,
    PipelineError,
    ServiceFailed,
    StaleVintage,
    TransformFailed,
    Unexpected,
    VerificationFailed,
    WorkerLost,
    read_failure,
)
from pipeline.publication.record import Grounds, has_content, is_current, next_publication
from pipeline.run.crawl import crawl_progress, last_start
from pipeline.run.polling import progress
from pipeline.run.tally import tally
from pipeline.run.verification import MAX_FAILED, Verification, divide, read_row, verify
from pipeline.source.responses import Header
from pipeline.table import schema
from pipeline.table.manifest import Manifest

ROOT = Path(__file__).parents[2]
YESTERDAY, TODAY = datetime(2026, 11, 22, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize("state", ["STARTING", "QUEUED", "RUNNING", "STOPPING"])
def test_a_job_at_work_is_running(state):
    assert progress(state, "", 1, 2, TransformFailed) == "RUNNING"


@pytest.mark.parametrize(
    ("state", "polls", "why"),
    [
        ("FAILED", 1, "ended FAILED: no space"),
        ("TIMEOUT", 1, "TIMEOUT"),
        ("??", 1, "??"),
        ("RUNNING", 2, "after 2 polls"),
    ],
)
def test_any_other_end_is_a_failure(state, polls, why):
    with pytest.raises(TransformFailed) as raised:
        progress(state, "no space", polls, 2, TransformFailed)

    assert why in raised.value.cause


def crawler(state: str, status: str = "", started: datetime = YESTERDAY) -> dict[str, object]:
    return {"State": state} | (
        {"LastCrawl": {"Status": status, "StartTime": started, "ErrorMessage": "no access"}} if status else {}
    )


POLL = CrawlStatus(
    run_id="r", crawler="c", previous_start=YESTERDAY.isoformat(), polls=1, poll_limit=9, status="RUNNING"
)


@pytest.mark.parametrize(
    ("snapshot", "expected"),
    [
        pytest.param(crawler("RUNNING", "SUCCEEDED"), "RUNNING", id="at work"),
        pytest.param(crawler("READY", "SUCCEEDED"), "RUNNING", id="yesterday's verdict"),
        pytest.param(crawler("READY"), "RUNNING", id="not begun"),
        pytest.param(crawler("READY", "SUCCEEDED", TODAY), "SUCCEEDED", id="done"),
    ],
)
def test_crawl_progress(snapshot, expected):
    assert crawl_progress(snapshot, POLL) == expected


def test_a_failed_crawl_says_why():
    with pytest.raises(CatalogueFailed, match="FAILED: no access"):
        crawl_progress(crawler("READY", "FAILED", TODAY), POLL)


def test_a_crawler_that_never_ran_has_no_start():
    assert last_start({"State": "READY"}) == ""


COLUMNS, PARTITIONS = list(schema.STAGED.items()), list(schema.STAGED_PARTITIONS.items())


def test_the_declared_schema_matches_in_any_order_of_columns():
    assert schema.matches((COLUMNS[::-1], PARTITIONS))
    schema.check_crawled((COLUMNS, PARTITIONS))


@pytest.mark.parametrize(
    ("columns", "partitions", "why"),
    [
        ([*COLUMNS, ("extra", "string")], PARTITIONS, "extra: string, not there"),
        (COLUMNS[1:], PARTITIONS, "series_no: absent, not string"),
        (
            [("value", "double") if name == "value" else (name, kind) for name, kind in COLUMNS],
            PARTITIONS,
            "value: double",
        ),
        (COLUMNS, PARTITIONS[::-1], "another order"),
    ],
)
def test_another_schema_stops_the_run(columns, partitions, why):
    with pytest.raises(CatalogueFailed, match=why):
        schema.check_crawled((columns, partitions))


def header(day: int = 24, total: int | None = 2) -> Header:
    return Header(
        table_id="M212161",
        title="Index",
        frequency="quarterly",
        vintage=date(2026, 7, day),
        theme="a",
        subject="b",
        topic="c",
        source_agency="d",
        footnote="e",
        total=total,
    )


def manifest(day: int = 24, run_id: str = "run-1", checksum: str = "abc") -> Manifest:
    return Manifest(
        run_id=run_id,
        source_url="https://example.invalid",
        fetched_at="2026-11-23T00:00:00+00:00",
        header=header(day),
        pages=[],
        observations=2,
        series=1,
        parsed=1,
        missing=1,
        rejected=0,
        first_period="2026-01-01",
        last_period="2026-04-01",
        total_value="24.3",
        checksum=checksum,
    )


MEASURED = read_row(["M212161", "2", "2", "1", "1", "2026-01-01", "2026-04-01", "24", "0.300000000000000000", ""], "q")


def test_equal_numbers_verify():
    verify(manifest(), MEASURED)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("observations", "1"),
        ("series", "2"),
        ("parsed", "0"),
        ("first_period", ""),
        ("last_period", "2026-07-01"),
        ("total_value", "24.300000000000000001"),
        ("total_value", "0"),
        ("distinct_keys", "1"),
    ],
)
def test_every_number_that_differs_is_named(field, value):
    staged = msgspec.structs.replace(MEASURED, **{field: value})

    with pytest.raises(VerificationFailed, match=f"^{field}: {re.escape(value)} staged"):
        verify(manifest(), staged)


def test_a_table_that_is_not_staged_does_not_verify():
    with pytest.raises(VerificationFailed, match="it is not staged"):
        verify(manifest(), None)


@pytest.mark.parametrize(
    ("whole", "fraction", "total"),
    [
        ("199999999999999999998", "1.999999999999999998", "199999999999999999999.999999999999999998"),
        ("-3", "-0.500000000000000000", "-3.500000000000000000"),
        ("1", "-0.250000000000000000", "0.750000000000000000"),
        ("", "", "0"),
    ],
)
def test_the_parts_of_a_sum_add_up(whole, fraction, total):
    row = ["M1", "2", "2", "1", "2", "", "", whole, fraction, "7"]

    assert read_row(row, "q").total_value == total


@given(st.sets(st.from_regex(r"[A-Z]?[0-9]{4,6}", fullmatch=True), min_size=2))
def test_halves_share_the_tables(ids):
    ids = sorted(ids)

    shared = [[each for each in ids if scope.first <= each <= scope.last] for scope in divide(ids, 1)]

    assert [*shared[0], *shared[1]] == ids
    assert abs(len(shared[0]) - len(shared[1])) <= 1


def search(ids: list[str], bad: set[str]) -> tuple[set[str], int]:
    """The tables that fail if Athena refuses each query over a bad one, and the number of queries."""
    scopes, failed, queries, refused = [Scope()], set(), 0, 0
    while scopes:
        scope, *scopes = scopes
        tables = [each for each in ids if scope.first <= each <= scope.last]
        queries += 1
        if bad & set(tables):
            refused += 1
            parts = divide(tables, refused)
            scopes = [*parts, *scopes]
            failed |= set() if parts else set(tables)
    return failed, queries


@given(st.integers(1, 1500), st.data())
def test_one_bad_table_is_found_in_two_queries_for_each_halving(number, data):
    ids = [f"M{100000 + each}" for each in range(number)]
    bad = data.draw(st.sampled_from(ids))

    failed, queries = search(ids, {bad})

    assert failed == {bad}
    assert queries <= 1 + 2 * math.ceil(math.log2(number))


def test_the_search_ends_though_every_query_fails():
    ids = [f"M{100000 + each}" for each in range(1500)]

    failed, queries = search(ids, set(ids))

    assert failed == set(ids)
    assert queries < MAX_FAILED + 2 * math.log2(1500)


def test_a_table_is_verified_if_it_was_measured_and_did_not_fail():
    lost = DownloadOutcome(table_id="M2", status="failed")
    known = Verification(measured={"M1": MEASURED, "M2": MEASURED}, failed={"M2": lost})

    assert [known.verified(name) for name in ("M1", "M2", "M3")] == [True, False, False]


def publish(*manifests):
    publication = None
    for number, each in enumerate(manifests):
        publication = next_publication(
            publication, each, location=f"s3://lake/{number}", grounds=Grounds("2026-07-25T01:00:00+00:00", "q")
        )
    return publication


def test_the_first_publication():
    publication = publish(manifest())

    assert (publication.vintage, publication.edition, publication.location) == (
        "2026-07-24",
        "2026-07-24.1",
        "s3://lake/0",
    )
    assert (publication.title, publication.source_agency, publication.footnote) == ("Index", "d", "e")
    assert is_current(publication, header())


def test_every_vintage_stays():
    publication = publish(manifest(24), manifest(25, "run-2"))

    assert [edition.edition for edition in publication.editions] == ["2026-07-24.1", "2026-07-25.1"]


def test_a_correction_on_the_same_day_is_a_further_edition():
    publication = publish(manifest(), manifest(run_id="run-2", checksum="def"))

    assert [edition.edition for edition in publication.editions] == ["2026-07-24.1", "2026-07-24.2"]


def test_the_same_content_again_is_the_same_edition_elsewhere():
    publication = publish(manifest(), manifest(run_id="run-2"))

    assert [(e.edition, e.run_id, e.location) for e in publication.editions] == [
        ("2026-07-24.1", "run-2", "s3://lake/1")
    ]


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (manifest(run_id="run-2"), True),
        (manifest(25, "run-2"), False),
        (manifest(run_id="run-2", checksum="def"), False),
    ],
    ids=["another run", "another vintage", "another checksum"],
)
def test_content_is_vintage_and_checksum(other, same):
    assert has_content(publish(manifest()), other) is same
    assert not has_content(None, other)


def test_an_older_vintage_is_never_published():
    with pytest.raises(StaleVintage, match="2026-07-24"):
        publish(manifest(25), manifest(24, "run-2"))


@pytest.mark.parametrize(("day", "total"), [(25, 2), (24, 3)])
def test_another_vintage_or_size_is_not_current(day, total):
    assert not is_current(publish(manifest()), header(day, total))


def test_a_source_that_goes_back_in_time_is_named():
    with pytest.raises(StaleVintage, match="serves the vintage 2026-07-23"):
        is_current(publish(manifest()), header(23))


@pytest.mark.parametrize("error", [PipelineError, *PipelineError.__subclasses__()])
def test_an_error_names_table_step_cause_and_next_step(error):
    located = error("cells are missing").at("DownloadTable", "M212161")
    failure = raised(located)

    assert failure.sentence == f"M212161 DownloadTable: cells are missing. Next: {error.next_step}"
    assert (failure.error, failure.is_ours) == (error.__name__, error not in (ServiceFailed, Unexpected))


def raised(error: Exception) -> Failure:
    """The failure as read after Lambda and Step Functions."""
    name = type(error).__name__
    return read_failure(name, json.dumps({"errorMessage": str(error), "errorType": name, "stackTrace": []}))


@pytest.mark.parametrize("cause", ["a. Next: b. Next: c", '{"a": "}"}', 'say "no"\n\u2028', "", "x" * 10_000])
@pytest.mark.parametrize("table_id", ["M212161", ""])
def test_no_text_of_a_cause_is_taken_apart(cause, table_id):
    assert raised(CatalogueFailed(cause).at("CheckCrawl", table_id)) == Failure(
        error="CatalogueFailed", cause=cause, step="CheckCrawl", table_id=table_id, next_step=CatalogueFailed.next_step
    )


@pytest.mark.parametrize(
    ("error", "cause", "said"),
    [
        ("Sandbox.Timedout", '{"errorMessage": "Task timed out", "errorType": "Sandbox.Timedout"}', "Task timed out"),
        ("States.Timeout", "", ""),
        ("SomeTablesFailed", "Some tables failed", "Some tables failed"),
        ("Lambda.Unknown", "The cause is no JSON. Next: none", "The cause is no JSON. Next: none"),
        ("KeyError", '{"errorMessage": null}', '{"errorMessage": null}'),
        ("Odd", "[1, 2]", "[1, 2]"),
        ("Odd", '"text"', '"text"'),
        ("Odd", '{"errorMessage": "{\\"step\\": 1}"}', '{"step": 1}'),
    ],
)
def test_any_other_text_is_a_cause_without_a_place(error, cause, said):
    expected = Failure(error=error, cause=said, next_step=NEXT_STEPS.get(error, DEFAULT_NEXT_STEP))

    assert read_failure(error, cause) == expected


def test_an_error_that_is_not_ours_has_the_default_next_step():
    assert read_failure("ClientError", "AccessDenied").sentence == f"AccessDenied. Next: {DEFAULT_NEXT_STEP}"
    assert not read_failure("ClientError", "AccessDenied").is_ours


def test_every_fail_state_of_the_machine_is_an_error_of_ours():
    states = json.loads((ROOT / "statemachine" / "pipeline.asl.json").read_text("utf-8"))["States"]
    names = {state["Error"] for state in states.values() if state["Type"] == "Fail"}

    assert names
    assert names <= NEXT_STEPS.keys()


def test_an_empty_tally_is_empty():
    assert tally([]) == Tally()


def test_a_tally_has_what_catch_passed_on_in_fields():
    located = json.dumps({"errorMessage": str(StaleVintage("older").at("DownloadTable", "M212161"))})
    caught = [
        {"table_id": "M212161", "status": "failed", "error": {"Error": "StaleVintage", "Cause": located}},
        {"table_id": "M015661", "status": "failed", "error": {"Error": "States.Timeout"}},
        {"table_id": "M550001", "status": "failed", "error": {"Error": "WorkerLost", "Cause": "no heartbeat"}},
    ]
    downloads = tally(msgspec.convert(caught, list[DownloadOutcome]))

    assert [table["error"] for table in msgspec.to_builtins(downloads)["failed"]] == [
        {
            "Error": "StaleVintage",
            "Cause": "older",
            "Step": "DownloadTable",
            "TableId": "M212161",
            "NextStep": StaleVintage.next_step,
        },
        {"Error": "States.Timeout", "Step": "DownloadTable", "TableId": "M015661"},
        {
            "Error": "WorkerLost",
            "Cause": "no heartbeat",
            "Step": "DownloadLargeTable",
            "TableId": "M550001",
            "NextStep": WorkerLost.next_step,
        },
    ]


def test_a_tally_of_an_older_release_can_be_read():
    error = {"Error": "StaleVintage", "Cause": "M212161 DownloadTable: older. Next: nothing"}
    outcome = msgspec.convert({"table_id": "M212161", "status": "failed", "error": error}, DownloadOutcome)

    assert outcome.error == Failure(error="StaleVintage", cause=error["Cause"])


def test_a_crawl_that_made_no_table_stops_the_run():
    with pytest.raises(CatalogueFailed, match="no table"):
        schema.check_crawled(None)
