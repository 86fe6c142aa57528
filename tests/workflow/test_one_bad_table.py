"""One bad table harms no other: in verification, in the report, among the records of a lake. All are synthetic."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest

from local.cli.results import RunResult
from local.cli.run import redrive
from local.cloud.services import athena_api
from local.cloud.services.mailbox import mails
from local.cloud.sql import athena
from local.replay.recordings import Row
from tests.support.laptop import Laptop, call
from tests.support.samples import SECOND, cells, months, quarters, time_series

HUGE = "99999999999999999999"
OVERFLOW, REFUSED, DIFFERENT, MOVED, UNREADABLE, COMPARED = TABLES = [f"M91000{number}" for number in range(1, 7)]
PARAMETERS = {"VerificationCells": "18"}
Fault = Callable[[str, str, athena.Result], athena.Result]


def refused(first: str, last: str, answer: athena.Result) -> athena.Result:
    """Fails over one table and finds a cell less in another."""
    if first <= REFUSED <= last:
        raise athena.QueryError("HIVE_BAD_DATA: a fault of this test")
    observations = [name for name, _ in answer.columns].index("observations")
    rows = [(*row[:observations], "2", *row[observations + 1 :]) if row[0] == DIFFERENT else row for row in answer.rows]
    return athena.Result(answer.columns, rows, answer.bytes_scanned)


def all_refused(*_: object) -> athena.Result:
    raise athena.QueryError("INTERNAL_ERROR: a fault of this test")


class Cloud:
    """A laptop whose Athena answers with faults; `queries` are the tables, from and to, of a run's queries."""

    def __init__(self, laptop: Laptop) -> None:
        self.laptop = laptop
        self.data = laptop.lake / laptop.aws.resource("DataBucket")

    def run(self, *tables: str, fault: Fault = lambda *args: args[2]) -> SimpleNamespace:
        with self.watched(fault) as queries:
            result = self.laptop.run(*tables)
        self.laptop.aws.rules.finish()
        told = [mail.path.read_text("utf-8") for mail in mails(self.laptop.lake) if result.run_id in mail.subject]
        return SimpleNamespace(result=result, queries=queries, mails=told, tables=outcome(result))

    @contextmanager
    def watched(self, fault: Fault = lambda *args: args[2]) -> Iterator[list[tuple[str, ...]]]:
        queries, usual = list[tuple[str, ...]](), athena.run

        def run(query: str, database: str, parameters: list[str], lake: Path) -> athena.Result:
            first, last = (each.strip("'") for each in parameters[1:])
            queries.append((first, last))
            return fault(first, last, usual(query, database, parameters, lake))

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(athena_api, "run", run)
            yield queries


def outcome(result: RunResult) -> dict[str, tuple[str, str]]:
    return {table.table_id: (table.status, table.error or "") for table in result.tables}


def synthetic(table_id: str, frequency: str = "Quarterly", values: tuple[str, ...] = ("1", "2.5", "-3")):
    keys = (months if frequency == "Monthly" else quarters)(2020, len(values))
    return time_series(
        table_id, f"Synthetic {table_id}", frequency, [Row("1", "Synthetic", "", "", cells(keys, values))]
    )


@pytest.fixture(scope="module")
def runs(switched_on: Laptop) -> SimpleNamespace:
    """Five runs, one after another; two of them are redriven."""
    laptop, cloud, tables = switched_on, Cloud(switched_on), switched_on.replay.tables
    tables |= {table_id: synthetic(table_id) for table_id in TABLES}
    tables[OVERFLOW] = synthetic(OVERFLOW, values=(HUGE, HUGE, "-0.5"))
    one_refused = cloud.run(*TABLES, fault=refused)
    tables[DIFFERENT] = synthetic(DIFFERENT, values=("1",) * 18)
    outage = cloud.run(REFUSED, DIFFERENT, fault=all_refused)
    laptop.replay.requests.clear()
    with cloud.watched() as queried_again:
        after_the_outage = redrive(laptop.aws, outage.result.run_id, lambda *_: None)
    asked_again = list(laptop.replay.requests)

    tables[MOVED] = synthetic(MOVED, "Monthly")
    tables[MOVED].revise(SECOND, {})
    for table_id in (UNREADABLE, COMPARED):
        laptop.revise(table_id, SECOND, "7")
    (page,) = cloud.data.glob(f"untransformedsingstatdata/*/{UNREADABLE}/*/page-00000.json.gz")
    page.write_bytes(b"no gzip")
    moved = cloud.run(MOVED, UNREADABLE, COMPARED)

    laptop.revise(COMPARED, "24/11/2026", "8")

    lost: dict[Path, bytes] = {}

    def lose_the_page(first: str, last: str, answer: athena.Result) -> athena.Result:
        pages = cloud.data.glob(f"untransformedsingstatdata/*/{COMPARED}/*/page-00000.json.gz")
        newest = max(pages, key=lambda path: path.stat().st_mtime)
        lost[newest] = newest.read_bytes()
        newest.write_bytes(b"no gzip")
        return answer

    no_report = cloud.run(COMPARED, fault=lose_the_page)
    for page, body in lost.items():
        page.write_bytes(body)
    reported = redrive(laptop.aws, no_report.result.run_id, lambda *_: None)

    odd = cloud.data / "publications" / f"{UNREADABLE}.json"
    odd.write_text(json.dumps(json.loads(odd.read_bytes()) | {"of_a_later_release": 1}))
    huge = json.loads((odd.parent / f"{MOVED}.json").read_bytes()) | {"title": "x" * 17_000_000}
    (odd.parent / f"{MOVED}.json").write_text(json.dumps(huge))
    return SimpleNamespace(
        lake=laptop.lake,
        query=laptop.query,
        one_refused=one_refused,
        outage=outage,
        moved=moved,
        no_report=no_report,
        after_the_outage=after_the_outage,
        asked_again=asked_again,
        queried_again=queried_again,
        reported=reported,
        among_odd_records=cloud.run(OVERFLOW, UNREADABLE),
    )


def test_a_table_fails_alone_whatever_is_wrong_with_it(runs):
    run = runs.one_refused

    assert (run.result.status, run.result.error[:16]) == ("FAILED", "SomeTablesFailed")
    assert {table_id for table_id, (status, _) in run.tables.items() if status == "published"} == {
        OVERFLOW, MOVED, UNREADABLE, COMPARED
    }  # fmt: skip
    assert run.tables[REFUSED][1].startswith(
        f"{REFUSED} CheckVerification: its query ended FAILED: HIVE_BAD_DATA: a fault of this test. Next: "
    )
    assert run.tables[DIFFERENT][1].startswith(
        f"{DIFFERENT} CheckVerification: observations: 2 staged, 3 downloaded. Next: "
    )
    assert f'{{"tables": ["{REFUSED}", "{DIFFERENT}"]}}' in run.mails[0]
    assert len(run.mails) == 1


def test_a_sum_beyond_38_digits_is_published_exactly(runs):
    found = runs.query(f"SELECT value, value_text FROM quarterly WHERE table_id = '{OVERFLOW}' ORDER BY period_start")

    assert [Decimal(row["value"]) for row in found] == [Decimal(HUGE), Decimal(HUGE), Decimal("-0.5")]
    (path,) = runs.lake.glob(f"*/runs/{runs.one_refused.result.run_id}/verified.json")
    assert json.loads(path.read_bytes())["measured"][OVERFLOW]["total_value"] == "199999999999999999997.5" + "0" * 17


def test_the_table_that_athena_cannot_read_is_found_by_halves(runs):
    assert runs.one_refused.queries == [
        (OVERFLOW, COMPARED),
        (OVERFLOW, DIFFERENT),
        (OVERFLOW, OVERFLOW),
        (REFUSED, DIFFERENT),
        (REFUSED, REFUSED),
        (DIFFERENT, DIFFERENT),
        (MOVED, COMPARED),
    ]


def test_an_outage_of_athena_is_no_tables_fault(runs):
    run = runs.outage

    assert run.result.status == "FAILED"
    assert run.result.error.startswith(
        "QueriesFailed: CheckVerification: Athena failed each of 2 queries; "
        "the last: its query ended FAILED: INTERNAL_ERROR: a fault of this test. Next: "
    )
    (mail,) = run.mails
    assert "FAILED in CheckVerification. The published data is unchanged." in mail


def test_a_redrive_after_the_outage_queries_again_and_publishes(runs):
    assert outcome(runs.after_the_outage) == {REFUSED: ("published", ""), DIFFERENT: ("published", "")}
    assert runs.asked_again == []
    assert runs.queried_again == runs.outage.queries == [(REFUSED, REFUSED), (DIFFERENT, DIFFERENT)]


def test_an_edition_that_cannot_be_compared_loses_no_report(runs):
    run = runs.moved
    page = run.result.report.read_text("utf-8")

    assert run.result.status == "SUCCEEDED"
    assert "The edition before, 2026-07-24.1, is quarterly, this one is monthly: their cells are not compared." in page
    assert "The edition before cannot be read, so nothing is compared: " in page
    assert "1 cell revised" in page


def test_a_report_that_fails_does_not_hide_a_publication(runs):
    run = runs.no_report

    assert run.result.status == "FAILED"
    assert run.result.error.startswith("ServiceFailed: WriteReport: ")
    assert run.tables == {COMPARED: ("published", "")}
    (mail,) = run.mails
    assert mail.startswith(f"SingStat: 1 table published, FAILED in WriteReport ({run.result.run_id})\n")
    assert "1 table published: readers see the new data." in mail
    assert "Redrive resumes at WriteReport: " in mail
    assert "/links/" not in mail


def test_a_redrive_writes_the_report_that_failed(runs):
    assert (runs.reported.status, runs.no_report.result.report) == ("SUCCEEDED", None)
    assert "1 cell revised" in runs.reported.report.read_text("utf-8")
    (second,) = [each for each in mails(runs.lake) if f" published ({runs.reported.run_id})" in each.subject]
    assert "/links/" in second.path.read_text("utf-8")
    (record,) = runs.lake.glob(f"*/publications/{COMPARED}.json")
    assert [each["edition"] for each in json.loads(record.read_bytes())["editions"]] == [
        "2026-07-24.1",
        "2026-10-24.1",
        "2026-11-24.1",
    ]


def test_an_odd_record_does_not_hide_the_others(runs):
    run = runs.among_odd_records
    done = call("tables", "--format", "json", lake=runs.lake)

    assert run.tables[OVERFLOW] == ("unchanged", "")
    assert run.tables[UNREADABLE][0] == "failed"
    assert done.returncode == 1
    assert [table["table_id"] for table in json.loads(done.stdout)] == [OVERFLOW, REFUSED, DIFFERENT, COMPARED]
    assert f"publications/{MOVED}.json cannot be shown: it has 17,00" in done.stderr
    assert f"publications/{UNREADABLE}.json cannot be read: " in done.stderr
    assert "of_a_later_release" in done.stderr
