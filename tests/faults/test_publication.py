"""Readers see one whole edition of a table, whatever happens while it is published, rolled back or forgotten."""

import csv
import io
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date

import pytest
from botocore.exceptions import ClientError
from pipeline.errors import (
    EditionWithdrawn,
    ImplausibleChange,
    InputInvalid,
    PublishConflict,
    SourceIncomplete,
    StaleVintage,
)

from local.cli.browse.server import application
from local.cloud.aws import LocalAWS
from local.cloud.sql import athena
from local.cloud.sql.catalogue import PUBLISHED
from tests.support.publishing import Crash, Publisher

JUNE, JULY, AUGUST = "2026-06-24", "2026-07-24", "2026-08-24"
table_ids = (f"M{number}" for number in itertools.count(910001))


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAWS]:
    with LocalAWS(tmp_path_factory.mktemp("publication") / "lake") as running:
        yield running


@pytest.fixture(scope="module")
def publisher(aws: LocalAWS) -> Iterator[Publisher]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield Publisher(aws, monkeypatch)


@pytest.fixture
def table() -> str:
    return next(table_ids)


Act = Callable[[Publisher, str], object]


def published(publisher: Publisher, table: str, *vintages: str, frequency: str = "quarterly") -> None:
    for vintage in vintages:
        publisher.publish(table, publisher.stage(table, vintage, frequency))


def newer(publisher: Publisher, table: str) -> None:
    published(publisher, table, JULY)


def moved(publisher: Publisher, table: str) -> None:
    published(publisher, table, JULY, frequency="monthly")


def rolled_back(publisher: Publisher, table: str) -> None:
    publisher.roll_back(table, JUNE)


def forgotten(publisher: Publisher, table: str) -> None:
    publisher.forget(table, JULY)


CASES: dict[str, tuple[list[tuple[str, str]], Act]] = {
    "the first edition": ([], newer),
    "a newer edition with another frequency": ([(JUNE, "quarterly")], moved),
    "rolled back to another frequency": ([(JUNE, "quarterly"), (JULY, "monthly")], rolled_back),
    "forgotten": ([(JUNE, "quarterly"), (JULY, "quarterly")], forgotten),
    "the only edition forgotten": ([(JULY, "quarterly")], forgotten),
}


def prepared(publisher: Publisher, before: list[tuple[str, str]]) -> str:
    table = next(table_ids)
    for vintage, frequency in before:
        published(publisher, table, vintage, frequency=frequency)
    return table


def state(publisher: Publisher, table: str) -> str:
    """The table's record and partitions, without its id."""
    return f"{publisher.record(table)} {publisher.partitions(table)}".replace(table, "TABLE")


def seen(publisher: Publisher, table: str) -> set[str]:
    """The locations that readers of the current tables see."""
    return {location for name, location in publisher.partitions(table).items() if len(name) == 1}


@pytest.mark.parametrize("case", CASES)
def test_a_crash_between_any_two_writes_is_mended_by_the_same_run(publisher, case):
    """A crash before the first write, after the last one, and after each other one, which is before the next."""
    before, act = CASES[case]
    table = prepared(publisher, before)
    with publisher.writes.counted() as writes:
        act(publisher, table)
    wanted, last = state(publisher, table), len(writes)
    assert last >= 3

    for crash_at, when in [*((number, "before") for number in range(1, last + 1)), (last, "after")]:
        table = prepared(publisher, before)
        with publisher.writes.counted(crash_at, when), pytest.raises(Crash):
            act(publisher, table)
        if before and case != "the only edition forgotten":
            assert seen(publisher, table), f"{when} write {crash_at}: readers see nothing"
        act(publisher, table)
        assert state(publisher, table) == wanted, f"{when} write {crash_at}"


def test_readers_see_whole_editions_during_fifty_publications(publisher, aws, table):
    sql = " UNION ALL ".join(
        f"SELECT '{name}' AS name, vintage, count(*), count(DISTINCT value), max(value) FROM {name}"
        f" WHERE table_id = '{table}' GROUP BY 2"
        for name in ("quarterly", "monthly")
    )
    looked: list[list[tuple[str | None, ...]]] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            looked.append(athena.run(sql, PUBLISHED, [], aws.lake).rows)
            time.sleep(0.05)

    publisher.publish(table, publisher.stage(table, "2026-01-01", rows=40))
    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(50):
        month, day = divmod(number, 25)
        frequency = "monthly" if number % 10 in (7, 8) else "quarterly"
        publisher.publish(table, publisher.stage(table, f"2026-{month + 2:02}-{day + 1:02}", frequency, 41 + number))
    done.set()
    for reader in readers:
        reader.join()

    assert len(looked) > 5
    assert len({row[1] for rows in looked for row in rows}) > 3
    for rows in looked:
        assert rows, "readers saw nothing"
        assert len({row[0] for row in rows}) == len(rows), f"two editions in one dataset: {rows}"
        for _, vintage, count, values, _ in rows:
            assert values == "1"
            assert count == str(publisher_rows(str(vintage)))


def test_a_page_shows_one_whole_edition_while_others_are_published(aws, publisher, table):
    site, done = application(aws.lake), threading.Event()
    answers: list[tuple[int, str]] = []

    def read() -> None:
        while not done.is_set():
            answer = site.test_client().get(f"/tables/{table}.csv")
            answers.append((answer.status_code, answer.text))

    publisher.publish(table, publisher.stage(table, "2026-01-01", rows=40))
    reader = threading.Thread(target=read)
    reader.start()
    for number in range(24):
        frequency = "monthly" if number % 10 in (7, 8) else "quarterly"
        publisher.publish(table, publisher.stage(table, f"2026-02-{number + 1:02}", frequency, 41 + number))
    done.set()
    reader.join()

    shown = [list(csv.DictReader(io.StringIO(text))) for status, text in answers if status == 200]
    assert {status for status, _ in answers} <= {200, 503}
    assert len({rows[0]["vintage"] for rows in shown}) > 3
    for rows in shown:
        ((vintage, value),) = {(row["vintage"], row["value"]) for row in rows}
        assert value == str(date.fromisoformat(vintage).toordinal())
        assert len(rows) == publisher_rows(vintage)


def publisher_rows(vintage: str) -> int:
    if vintage == "2026-01-01":
        return 40
    _, month, day = map(int, vintage.split("-"))
    return 41 + (month - 2) * 25 + day - 1


# ---------------------------------------------------------------- frequency, gate, rollback, forget


def test_a_table_that_changes_its_frequency_leaves_its_former_dataset_and_stays_in_its_history(publisher, table):
    published(publisher, table, JUNE)
    moved(publisher, table)

    partitions = publisher.partitions(table)
    assert set(partitions) == {
        ("monthly",),
        ("monthly_vintages", f"{JULY}.1"),
        ("quarterly_vintages", f"{JUNE}.1"),
    }


def test_rows_left_in_a_former_dataset_are_not_unchanged(publisher, table):
    """The run that moved the table died before it took it from the former dataset."""
    published(publisher, table, JUNE)
    with publisher.writes.counted(4, "before"), pytest.raises(Crash):
        moved(publisher, table)
    assert {("monthly",), ("quarterly",)} < set(publisher.partitions(table))
    assert not publisher.is_unchanged(table)

    moved(publisher, table)
    assert publisher.is_unchanged(table)


def test_a_shrunk_table_is_refused_by_name_unless_accepted(publisher, table):
    published(publisher, table, JUNE)
    run_id = publisher.stage(table, JULY, rows=19)

    with pytest.raises(ImplausibleChange, match=r"19 observations would replace 40: more than 50 % would be gone"):
        publisher.publish(table, run_id)
    assert publisher.record(table).vintage == JUNE
    publisher.publish(table, run_id, accept=True)

    record = publisher.record(table)
    assert (record.vintage, record.observations) == (JULY, 19)
    assert (
        record.accepted
        == record.editions[-1].accepted
        == ("19 observations would replace 40: more than 50 % would be gone")
    )


def test_a_table_without_proof_of_completeness_is_refused_unless_accepted(publisher, table):
    run_id = publisher.stage(table, JUNE, doubt="its metadata have no total")

    with pytest.raises(SourceIncomplete, match="its metadata have no total"):
        publisher.publish(table, run_id)
    assert publisher.record(table) is None
    publisher.publish(table, run_id, accept=True)

    assert publisher.record(table).accepted == "its metadata have no total"


def test_a_rolled_back_edition_is_not_published_again_by_itself(publisher, table):
    published(publisher, table, JUNE, JULY)
    assert publisher.roll_back(table, JUNE) == f"{JUNE}.1"
    again = publisher.stage(table, JULY)

    with pytest.raises(EditionWithdrawn, match=JULY):
        publisher.publish(table, again)
    publisher.publish(table, again, accept=True)

    record = publisher.record(table)
    assert [(each.edition, bool(each.withdrawn_at)) for each in record.editions] == [
        (f"{JUNE}.1", False),
        (f"{JULY}.1", True),
        (f"{JULY}.2", False),
    ]
    assert record.edition == f"{JULY}.2"


def test_after_a_rollback_a_newer_vintage_is_published(publisher, table):
    published(publisher, table, JUNE, JULY)
    publisher.roll_back(table, JUNE)
    published(publisher, table, AUGUST)

    assert publisher.record(table).vintage == AUGUST


def test_a_wrong_date_is_forgotten_and_a_true_one_is_published(publisher, table):
    published(publisher, table, JUNE, "9999-09-23")
    with pytest.raises(StaleVintage):
        published(publisher, table, JULY)

    assert publisher.forget(table, "9999-09-23") == f"{JUNE}.1"
    published(publisher, table, JULY)

    assert publisher.record(table).vintage == JULY
    assert ("quarterly_vintages", "9999-09-23.1") not in publisher.partitions(table)


def test_a_table_whose_only_edition_is_forgotten_is_unpublished_and_can_be_published(publisher, aws, table):
    published(publisher, table, JULY)
    assert publisher.forget(table, f"{JULY}.1") == ""

    listed = f"SELECT edition FROM {{}} WHERE table_id = '{table}'"
    for name in ("tables", "editions", "quarterly_vintages"):
        assert athena.run(listed.format(name), PUBLISHED, [], aws.lake).rows == []
    assert publisher.partitions(table) == {}
    with pytest.raises(InputInvalid, match="is not published"):
        publisher.forget(table, JULY, run_id="again")
    published(publisher, table, JUNE)

    assert publisher.record(table).edition == f"{JUNE}.1"
    assert athena.run(listed.format("tables"), PUBLISHED, [], aws.lake).rows == [(f"{JUNE}.1",)]


def test_a_run_that_publishes_in_the_meantime_wins_over_a_rollback(publisher, table):
    published(publisher, table, JUNE, JULY)
    with publisher.writes.counted(2, "before"), pytest.raises(Crash):
        publisher.roll_back(table, JUNE)
    published(publisher, table, AUGUST)

    with pytest.raises(PublishConflict, match="a run published the table in the meantime"):
        publisher.roll_back(table, JUNE)

    assert publisher.record(table).edition == f"{AUGUST}.1"
    assert publisher.roll_back(table, JUNE, run_id="asked-again") == f"{JUNE}.1"


def test_an_answer_that_is_lost_does_not_undo_a_rollback(publisher, table):
    """The SDK sends the write again, and S3 answers that the record has changed."""
    published(publisher, table, JUNE, JULY)
    with publisher.writes.sent_twice():
        assert publisher.roll_back(table, JUNE) == f"{JUNE}.1"

    assert publisher.partitions(table)[("quarterly",)] == publisher.record(table).location


def test_an_edition_that_cannot_be_described_is_published_all_the_same(publisher, table):
    """AWS denies the description, as it would in an account with a policy of its own."""
    s3 = publisher.clients["PublishTables"][0]

    def other_bucket(params: dict, **_: object) -> None:
        if params["Key"].endswith("_datapackage.json"):
            params["Bucket"] = "of-somebody-else"

    s3.meta.events.register("provide-client-params.s3.PutObject", other_bucket)
    try:
        published(publisher, table, JULY)
    finally:
        s3.meta.events.unregister("provide-client-params.s3.PutObject", other_bucket)

    assert publisher.record(table).edition == f"{JULY}.1"
    assert seen(publisher, table) == {publisher.record(table).location}


def test_an_audit_record_is_never_overwritten(publisher, aws, table):
    published(publisher, table, JUNE, JULY)
    publisher.roll_back(table, JUNE)
    (audit,) = aws.lake.glob(f"*/audit/{table}/back.json")
    kept = audit.read_bytes()
    s3 = publisher.clients["RestoreEdition"][0]

    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object(Bucket=publisher.bucket, Key=f"audit/{table}/back.json", Body=b"{}")
    assert audit.read_bytes() == kept
