"""Revised, new or deleted: one rule, and which edition precedes another."""

import pytest
from pipeline.publication.record import Edition
from pipeline.publication.revisions import previous_edition, revision_kind


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("1", "1", None),
        (None, None, None),
        ("1.0", "1.00", "revised"),
        ("1", "na", "revised"),
        ("1", "", "revised"),
        (None, "", "new"),
        ("", None, "deleted"),
    ],
)
def test_a_change_of_text_is_revised_new_or_deleted(old, new, kind):
    assert revision_kind(old, new) == kind


def editions(*contents: str) -> list[Edition]:
    """Editions of one vintage with these checksums."""
    return [Edition(f"2026-07-24.{n}", "2026-07-24", f"run-{n}", "", 1, each) for n, each in enumerate(contents, 1)]


@pytest.mark.parametrize(
    ("checksums", "current", "previous"),
    [
        pytest.param("a", "a", None, id="first"),
        pytest.param("ab", "b", "2026-07-24.1", id="second"),
        pytest.param("ab", "a", None, id="first, reported again after the second"),
        pytest.param("aba", "a", "2026-07-24.2", id="a correction withdrawn"),
        pytest.param("ab", "c", "2026-07-24.2", id="not yet published"),
    ],
)
def test_the_previous_edition(checksums, current, previous):
    found = previous_edition(editions(*checksums), "2026-07-24", current)

    assert (found.edition if found else None) == previous
