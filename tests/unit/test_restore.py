"""The rules of going back to an edition and of forgetting one."""

from contextlib import nullcontext
from datetime import date

import pytest
from msgspec import structs
from pipeline.errors import EditionWithdrawn, InputInvalid
from pipeline.publication.gate import check_withdrawn
from pipeline.publication.record import Edition, Publication
from pipeline.publication.restore import forget, roll_back

AT = "2026-12-01T00:00:00+00:00"


def edition(name: str, withdrawn_at: str = "") -> Edition:
    vintage = name.rpartition(".")[0]
    return Edition(name, vintage, "run", f"s3://b/{name}/", 1, name, f"{vintage}T02:00:00+00:00", "q", "", withdrawn_at)


def record(current: str, *editions: Edition) -> Publication:
    shown = next(each for each in editions if each.edition == current)
    fields = dict.fromkeys(("title", "theme", "subject", "topic", "source_agency", "footnote", "source_url"), "")
    of_edition = ("vintage", "edition", "observations", "checksum", "run_id", "location")
    return Publication(
        **fields,
        **{name: getattr(shown, name) for name in of_edition},
        table_id="M900302",
        frequency="yearly",
        total=1,
        fetched_at="",
        verified_by="q",
        editions=list(editions),
    )


JUNE, JULY, LATER, AUGUST = (edition(f"2026-{day}") for day in ("06-24.1", "07-24.1", "07-24.2", "08-24.1"))
THREE = record("2026-08-24.1", JUNE, JULY, LATER, AUGUST)


def withdrawn(editions: list[Edition]) -> list[str]:
    return [each.edition for each in editions if each.withdrawn_at == AT]


@pytest.mark.parametrize(
    ("to", "shown", "taken"),
    [
        ("2026-07-24.1", "2026-07-24.1", ["2026-07-24.2", "2026-08-24.1"]),
        ("2026-07-24", "2026-07-24.2", ["2026-08-24.1"]),
        ("2026-06-24", "2026-06-24.1", ["2026-07-24.1", "2026-07-24.2", "2026-08-24.1"]),
    ],
)
def test_later_editions_are_withdrawn(to, shown, taken):
    back = roll_back(THREE, to, AT)

    assert back.shown.edition == shown
    assert withdrawn(back.editions) == taken
    assert [structs.replace(each, withdrawn_at="") for each in back.editions] == THREE.editions


def test_a_withdrawn_edition_comes_back_under_a_new_number_and_the_past_stays():
    once = roll_back(THREE, "2026-06-24", "2026-11-01T00:00:00+00:00")
    rolled = record("2026-06-24.1", *once.editions)

    undone = roll_back(rolled, "2026-08-24", AT)

    assert (undone.shown.edition, undone.shown.published_at) == ("2026-08-24.2", AT)
    assert undone.editions[:-1] == once.editions
    assert undone.shown.location == AUGUST.location


def test_a_rollback_to_what_readers_see_changes_nothing():
    back = roll_back(THREE, "2026-08-24", AT)

    assert (back.shown, back.editions) == (AUGUST, THREE.editions)


@pytest.mark.parametrize(
    ("to", "why"),
    [("2020-01-01", "M900302 has no edition 2020-01-01; it has 2026-06-24.1, 2026-07-24.1")],
)
def test_a_rollback_that_cannot_be(to, why):
    with pytest.raises(InputInvalid, match=why):
        roll_back(THREE, to, AT)


@pytest.mark.parametrize(
    ("published", "name", "left", "shown"),
    [
        pytest.param(THREE, "2026-08-24", [JUNE, JULY, LATER], LATER, id="the current one"),
        pytest.param(THREE, "2026-07-24", [JUNE, AUGUST], AUGUST, id="all of an earlier vintage"),
        pytest.param(THREE, "2026-07-24.1", [JUNE, LATER, AUGUST], AUGUST, id="one of them"),
        pytest.param(record(JUNE.edition, JUNE), "2026-06-24", [], None, id="the only one"),
        pytest.param(
            record(JULY.edition, JUNE, JULY, edition("2026-08-24.1", AT)),
            "2026-07-24",
            [JUNE, edition("2026-08-24.1", AT)],
            JUNE,
            id="one that was withdrawn is not shown",
        ),
        pytest.param(
            record(JULY.edition, JULY, edition("2026-08-24.1", AT)),
            "2026-07-24",
            [AUGUST],
            AUGUST,
            id="unless nothing else is left",
        ),
    ],
)
def test_what_is_left_when_an_edition_is_forgotten(published, name, left, shown):
    assert forget(published, name) == (left, shown)


def test_what_was_never_published_cannot_be_forgotten():
    with pytest.raises(InputInvalid, match="M900302 has no edition 9999-09-23"):
        forget(THREE, "9999-09-23")


@pytest.mark.parametrize(
    ("vintage", "checksum", "refused"),
    [
        ("2026-08-24", "", True),
        ("2026-08-25", "", False),
        ("2026-08-23", "", False),
        ("2026-07-24", "", False),
        ("2026-07-24", "2026-07-24.2", True),
        ("2026-07-24", "2026-07-24.1", False),
        ("2026-06-24", "2026-06-24.1", False),
    ],
)
def test_what_was_withdrawn_is_not_published_again_by_itself(vintage, checksum, refused):
    back = roll_back(THREE, "2026-07-24.1", AT)
    published = structs.replace(record("2026-07-24.1", *THREE.editions), editions=back.editions)

    with pytest.raises(EditionWithdrawn, match=vintage) if refused else nullcontext():
        check_withdrawn(published, date.fromisoformat(vintage), checksum)


def test_nothing_is_withdrawn_from_a_table_that_is_not_published():
    check_withdrawn(None, date(2026, 8, 24))
