"""What a run of thousands of tables needs: batches, visits, and pages and mails that stay short."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from pipeline.contracts.records import DownloadOutcome, PublishOutcome, RunPlan, Tally
from pipeline.costs.estimate import estimate
from pipeline.costs.usage import Usage
from pipeline.errors import Failure, SourceDown
from pipeline.mail.run_mail import compose
from pipeline.report.content import MAX_FAILURES, Listed, Report
from pipeline.report.page import page
from pipeline.run.history import read
from pipeline.run.outcomes import RunOutcomes
from pipeline.run.plan import batch_size
from pipeline.run.tally import complete, tally
from pipeline.run.verification import Measured, Verification, scopes, unpublished, within

from local.cli.histories import combine
from tests.support.histories import Execution

IDS = [f"M{number:06}" for number in range(2500)]


def outcome(table_id: str, status: str = "stored", error: Failure | None = None) -> DownloadOutcome:
    return DownloadOutcome(table_id=table_id, status=status, error=error)


def measured(table_id: str) -> Measured:
    names = (
        "observations",
        "distinct_keys",
        "series",
        "parsed",
        "first_period",
        "last_period",
        "total_value",
        "digest",
    )
    return Measured(table_id=table_id, query_id="q", **dict.fromkeys(names, "1"))


@pytest.mark.parametrize(
    ("tables", "connections", "size"), [(0, 4, 1), (1, 4, 1), (4, 4, 1), (16, 4, 4), (17, 4, 5), (2500, 4, 50)]
)
def test_small_runs_use_every_connection_and_large_ones_have_batches_of_fifty(tables, connections, size):
    assert batch_size(tables, connections) == size


def test_a_table_whose_batch_failed_has_failed_by_name():
    known = {"M2": outcome("M2"), "M1": outcome("M1", "unchanged")}

    found = tally(complete(known, ["M1", "M2", "M3"]))

    assert [[each.table_id for each in group] for group in (found.unchanged, found.stored, found.failed)] == [
        *(["M1"], ["M2"], ["M3"]),
    ]
    error = found.failed[0].failure
    assert (error.error, error.table_id, error.step) == ("BatchFailed", "M3", "DownloadTables")
    assert "Map Run" in error.next_step


def test_each_table_is_published_in_one_visit_and_the_unverified_in_none():
    stored = [outcome(table) for table in IDS]
    verification = Verification(measured={table: measured(table) for table in IDS[1:]})
    visits, done = 0, PublishOutcome(published=[], failed=[])
    while waiting := unpublished(stored, verification, done):
        done.failed.append(waiting[0])
        done.published.extend(table.table_id for table in waiting[1:1000])
        visits += 1

    assert visits == 3
    assert sorted([*done.published, *(table.table_id for table in done.failed)]) == IDS[1:]


@given(st.lists(st.integers(0, 300), min_size=1), st.integers(1, 500))
def test_queries_share_the_tables_and_keep_to_the_most_cells(cells, most):
    stored = [replace(outcome(table), observations=number) for table, number in zip(IDS, cells, strict=False)]

    found = [within(reversed(stored), scope) for scope in scopes(reversed(stored), most)]

    assert [table for tables in found for table in tables] == stored
    sums = [sum(table.observations for table in tables) for tables in found]
    assert all(total <= most for total, tables in zip(sums, found, strict=True) if len(tables) > 1)
    assert all(total + after[0].observations > most for total, after in zip(sums, found[1:], strict=False))


def test_a_plan_of_the_previous_release_can_be_read():
    old = b'{"run_id":"r","tables":["M1"],"force":false,"crawl":"auto","poll_seconds":1,"poll_limit":2}'
    assert msgspec.json.decode(old, type=RunPlan).tables == ["M1"]


def test_the_states_of_batches_are_those_of_the_run():
    parent, child, other = Execution(), Execution(), Execution()
    parent.enter("DownloadTables", 1, "Map")
    for each, began in ((child, 2), (other, 3)):
        each.task("CheckTables", began, began + 1)
        each.leave("CheckTables", began + 1)
        each.enter("DownloadChanged", began + 1, "Map")
    parent.leave("DownloadTables", 9)
    parent.task("TallyDownloads", 9, 10)

    found = combine(read(parent.events), [read(other.events), read(child.events)])

    assert list(found.states) == ["DownloadTables", "CheckTables", "DownloadChanged", "TallyDownloads"]
    assert (found.states["CheckTables"].times, found.states["CheckTables"].done) == (2, 2)
    assert [each.function for each in found.tries] == ["CheckTables", "CheckTables", "TallyDownloads"]
    assert (found.entered, found.tasks, found.children, found.state) == (6, 3, 2, "TallyDownloads")
    assert found.tries[1].began - found.tries[0].began == timedelta(seconds=1)


def test_a_mail_counts_the_tables_that_were_not_asked_for():
    down = SourceDown("no answer")
    failed = [outcome(table, "failed", down.failure("CheckTables", table)) for table in IDS]
    failed.append(outcome("M999999", "failed", Failure(error="TableNotFound", cause="unknown")))
    outcomes = RunOutcomes(planned=2501, downloads=Tally(failed=failed), published=None)

    text = compose("run-1", outcomes, Decimal("0.1"), None).text

    assert "SourceDown: 2,500 tables, the first M000000 CheckTables: no answer" in text
    assert "TableNotFound: " in text
    assert text.count("SourceDown") == 1


def test_a_page_of_thousands_of_tables_stays_short():
    report = Report(
        run_id="r",
        fetched_at=datetime(2026, 10, 24, tzinfo=UTC).isoformat(),
        tables=[],
        unchanged=[],
        failed=[SourceDown("no answer").failure("CheckTables", table) for table in IDS],
        cost=estimate(Usage(transitions=1), "ap-southeast-1", "arm64"),
        others=[Listed(table, f"Table {table}", date(2026, 10, 24).isoformat(), 1000) for table in IDS],
    )

    html = page(report, {}).decode()

    assert "<h1>2,500 tables refreshed</h1>" in html
    assert html.count("<dl") == MAX_FAILURES
    assert "And 2,450 more" in html
    assert html.count("not compared") == len(IDS)
    assert "<svg" not in html
