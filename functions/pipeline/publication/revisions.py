"""What happened to a cell between two editions: the rule of the `revisions` view (template.yaml), in Python."""

from collections.abc import Sequence
from typing import Literal

from pipeline.publication.record import Edition

Kind = Literal["revised", "deleted", "new"]


def revision_kind(old: str | None, new: str | None) -> Kind | None:
    """The kind of a change from one text to another; None if they are equal. A text is None where the cell is absent.

    Texts are compared, not numbers: `1.0` revised to `1.00` counts.
    """
    if old == new:
        return None
    if old is None:
        return "new"
    return "deleted" if new is None else "revised"


def previous_edition(editions: Sequence[Edition], vintage: str, checksum: str) -> Edition | None:
    """The edition before the newest with this content; None for a first edition. `editions` are the oldest first."""
    contents = [(edition.vintage, edition.checksum) for edition in editions]
    last = max((n for n, content in enumerate(contents) if content == (vintage, checksum)), default=len(editions))
    return editions[last - 1] if last else None
