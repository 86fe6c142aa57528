"""The text of mails: a short subject, a summary, then links, cost and the next step."""

from datetime import date
from decimal import Decimal

import pytest
from pipeline.contracts.records import DownloadOutcome, PublishOutcome, Tally
from pipeline.contracts.states import EndedExecution
from pipeline.errors import DEFAULT_NEXT_STEP, Failure
from pipeline.mail.run_mail import UNCHANGED, UNDER_WAY, Links, compose, compose_failure
from pipeline.run.history import Execution
from pipeline.run.outcomes import RunOutcomes

ARN = "arn:aws:states:ap-southeast-1:123456789012:execution:singstat:run-1"
LINKS = Links(report="https://example/links/a", data="https://example/links/b", until=date(2026, 11, 30))
COST = Decimal("0.2119")


def stored(number: int) -> list[DownloadOutcome]:
    return [
        DownloadOutcome(table_id=f"M{100000 + each}", status="stored", vintage="2026-07-24", observations=146)
        for each in range(number)
    ]


def lost(number: int) -> list[DownloadOutcome]:
    ids = [f"M{900000 + each}" for each in range(number)]
    return [DownloadOutcome(table_id=name, status="failed", error=not_known(name)) for name in ids]


def not_known(table_id: str) -> Failure:
    return Failure(error="TableNotFound", cause="it is not known", table_id=table_id, next_step="search for it")


def outcomes(published: int = 0, unchanged: int = 0, failed: int = 0) -> RunOutcomes:
    tables = stored(published)
    old = [DownloadOutcome(table_id=f"M{500000 + each}", status="unchanged") for each in range(unchanged)]
    done = PublishOutcome(published=[table.table_id for table in tables], failed=[]) if published else None
    downloads = Tally(stored=tables, unchanged=old, failed=lost(failed))
    return RunOutcomes(planned=published + unchanged + failed, downloads=downloads, published=done)


@pytest.mark.parametrize(
    ("counts", "subject"),
    [
        ((1, 2, 0), "SingStat: 1 table published (run-1)"),
        ((50, 0, 0), "SingStat: 50 tables published (run-1)"),
        ((2, 0, 1), "SingStat: 1 table failed, 2 published (run-1)"),
        ((0, 3, 2), "SingStat: 2 tables failed, none published (run-1)"),
        ((0, 4, 0), "SingStat: nothing new, 4 tables unchanged (run-1)"),
    ],
)
def test_the_subject_says_what_became_of_the_run(counts, subject):
    assert compose("run-1", outcomes(*counts), COST, None).subject == subject


def test_two_lines_say_what_happened_before_links_and_cost():
    lines = compose("run-1", outcomes(3, 2, 0), COST, LINKS).text.splitlines()

    assert lines[0] == "3 tables published, 2 unchanged, 0 failed."
    assert lines[1].startswith("Readers see the new data now")
    assert lines.index(LINKS.report) < lines.index(LINKS.data)  # each on its own line: mail clients wrap long lines
    assert "The report, until 30 November 2026:" in lines
    assert "Cost: about 0.2119 USD, an estimate at list prices." in lines
    assert "  M100000, vintage 2026-07-24, 146 values" in lines


def test_a_failed_table_has_its_cause_and_the_input_of_the_next_run():
    text = compose("run-1", outcomes(1, 0, 2), COST, LINKS).text

    assert "TableNotFound: M900000: it is not known. Next: search for it" in text
    assert '{"tables": ["M900000", "M900001"]}' in text


def test_a_run_without_news_has_no_link():
    text = compose("run-1", outcomes(0, 4, 0), COST, None).text

    assert "The published data is unchanged." in text
    assert "http" not in text


def test_a_mail_about_1500_tables_is_short():
    mail = compose("run-1", outcomes(750, 0, 750), COST, LINKS)

    assert len(mail.text.encode()) < 16_384
    assert mail.text.count("and more") == 2


@pytest.mark.parametrize("run_id", ["r" * 80, "run-1"])
def test_sns_takes_every_subject(run_id):
    failure = Execution(status="FAILED", state="S" * 80, started_at="", ended_at=None, failure=None)
    mails = [
        compose(run_id, outcomes(1), COST, LINKS),
        compose_failure(EndedExecution(ARN, run_id, "FAILED"), failure, COST, outcomes()),
    ]

    for mail in mails:
        assert len(mail.subject) < 100
        assert mail.subject.isascii()
        assert "\n" not in mail.subject


@pytest.mark.parametrize(
    ("failure", "line"),
    [
        (
            Failure(error="TooSlow", cause="no workers", step="CheckCrawl", next_step="wait an hour"),
            "TooSlow: CheckCrawl: no workers. Next: wait an hour",
        ),
        (Failure(error="TooSlow", cause="Task timed out"), f"TooSlow: Task timed out. Next: {DEFAULT_NEXT_STEP}"),
        (None, f"FAILED: no cause given. Next: {DEFAULT_NEXT_STEP}"),
    ],
)
def test_a_failure_names_state_cause_and_how_to_go_on(failure, line):
    run = Execution(status="FAILED", state="CheckCrawl", started_at="", ended_at="", failure=failure)
    mail = compose_failure(EndedExecution(ARN, "run-1", "FAILED"), run, COST, outcomes())
    lines = mail.text.splitlines()

    assert mail.subject == "SingStat: FAILED in CheckCrawl (run-1)"
    assert lines[0] == "Run run-1: FAILED in CheckCrawl. The published data is unchanged."
    assert lines[1] == line
    assert f"aws stepfunctions redrive-execution --execution-arn {ARN}" in mail.text
    assert any(line.startswith("https://ap-southeast-1.console.aws.amazon.com/") and ARN in line for line in lines)
    assert "Cost: about 0.2119 USD" in mail.text


def failed_in(state: str, error: str, done: RunOutcomes) -> str:
    failure = Failure(error=error, cause="it did not work")
    run = Execution(status="FAILED", state=state, started_at="", ended_at="", failure=failure)
    return compose_failure(EndedExecution(ARN, "run-1", "FAILED"), run, COST, done).text


@pytest.mark.parametrize(
    ("state", "done", "readers"),
    [
        ("Notify", outcomes(2, 0, 1), "2 tables published: readers see the new data."),
        ("PublishTables", outcomes(0, 0, 1), UNDER_WAY),
        ("CheckVerification", outcomes(0, 0, 1), UNCHANGED),
        ("Notify", outcomes(0, 3, 1), UNCHANGED),
    ],
)
def test_a_failed_run_says_what_readers_see_and_which_tables_failed(state, done, readers):
    text = failed_in(state, "TooSlow", done)

    assert text.splitlines()[0] == f"Run run-1: FAILED in {state}. {readers}"
    assert "TableNotFound: M900000: it is not known. Next: search for it" in text
    assert ("M100000, vintage 2026-07-24, 146 values" in text) == (readers[0] == "2")
    assert f"Redrive resumes at {state}: " in text


@pytest.mark.parametrize(("state", "error"), [("PlanRun", "InputInvalid"), ("UnknownStatus", "UnknownStatus")])
def test_no_redrive_is_offered_where_it_cannot_help(state, error):
    text = failed_in(state, error, outcomes())

    assert "edrive-execution" not in text
    assert "New execution starts over with the same input" not in text


def test_a_report_that_failed_does_not_hide_what_is_published():
    failure = Failure(error="Sandbox.Timedout", cause="Task timed out")
    run = Execution(status="FAILED", state="WriteReport", started_at="", ended_at="", failure=failure)
    mail = compose_failure(EndedExecution(ARN, "run-1", "FAILED"), run, COST, outcomes(2, 0, 0))

    assert mail.subject == "SingStat: 2 tables published, FAILED in WriteReport (run-1)"
    assert "2 tables published: readers see the new data." in mail.text
    assert "Sandbox.Timedout: Task timed out. Next: " in mail.text
    assert "Redrive resumes at WriteReport: " in mail.text
    assert "/links/" not in mail.text
