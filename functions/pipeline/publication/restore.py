"""Going back to an earlier edition, and forgetting one that should not have been published."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from msgspec import structs

from pipeline.contracts.base import Contract
from pipeline.errors import InputInvalid
from pipeline.publication.record import Edition, Publication, complete_editions, next_name


class Audit(Contract):
    """`audit/<table_id>/<run_id>.json`: what was changed at `at`, and the table's record before and after it.

    `by` is what the request says; the caller of the execution is in CloudTrail. `after` is None for a table that is no
    longer published.
    """

    table_id: str
    run_id: str
    action: Literal["rollback", "forget"]
    edition: str
    by: str
    at: str
    before: Publication
    after: Publication | None


class Restoration(NamedTuple):
    """A table's editions afterwards, and the one that readers see then; None if there is none."""

    editions: list[Edition]
    shown: Edition | None


def roll_back(published: Publication, to: str, at: str) -> Restoration:
    """Readers go back to the last edition called `to`; later ones are withdrawn at `at`, and stay queryable.

    A withdrawn edition is published again under a new number. The edition that readers see already stays.
    Raises `InputInvalid` if there is no such edition.
    """
    editions = complete_editions(published)
    shown = _called(to, published, editions)[-1]
    if shown.withdrawn_at:
        name = next_name(editions, shown.vintage)
        shown = structs.replace(shown, edition=name, published_at=at, withdrawn_at="")
        editions.append(shown)
    order = _order(shown)
    return Restoration(
        [
            structs.replace(each, withdrawn_at=at) if _order(each) > order and not each.withdrawn_at else each
            for each in editions
        ],
        shown,
    )


def forget(published: Publication, name: str) -> Restoration:
    """Take back the editions called `name`; readers see what they see now, or else the newest that is left.

    Raises `InputInvalid` if there is no such edition.
    """
    editions = complete_editions(published)
    forgotten = _called(name, published, editions)
    left = [edition for edition in editions if edition not in forgotten]
    if not left:
        return Restoration([], None)
    current = [edition for edition in left if edition.edition == published.edition]
    shown = (current or [edition for edition in left if not edition.withdrawn_at] or left)[-1]
    seen = structs.replace(shown, withdrawn_at="")
    return Restoration([seen if edition is shown else edition for edition in left], seen)


def _called(name: str, published: Publication, editions: Iterable[Edition]) -> list[Edition]:
    found = [edition for edition in editions if name in (edition.edition, edition.vintage)]
    if not found:
        known = ", ".join(edition.edition for edition in editions)
        raise InputInvalid(f"{published.table_id} has no edition {name}; it has {known}")
    return found


def _order(edition: Edition) -> tuple[str, int]:
    return edition.vintage, edition.number
