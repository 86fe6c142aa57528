"""What changed between two editions of a table: the steps of the `revisions` view, added up."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import msgspec
from pipeline.contracts import keys
from pipeline.publication.record import Publication
from pipeline.run.plan import TABLE_ID

from local.cloud.sql import athena
from local.cloud.sql.catalogue import PUBLISHED

STEPS = "SELECT edition, series_no, series, cell, old_text, new_text FROM revisions WHERE table_id = ? ORDER BY 1, 2, 4"


class Revision(NamedTuple):
    """A cell that differs. `old` or `new` is None where the edition has no such cell."""

    series_no: str
    series: str
    cell: str
    kind: str
    old: str | None
    new: str | None


def editions(lake: Path, table_id: str) -> list[str]:
    """The editions of a published table, the oldest first. Raises `LookupError` when it was never published."""
    records = list(lake.glob(f"*/{keys.publication(table_id)}")) if TABLE_ID.fullmatch(table_id) else []
    if not records:
        raise LookupError(f"{table_id} is not published in {lake}")
    publication = msgspec.json.decode(records[0].read_bytes(), type=Publication)
    return [edition.edition for edition in publication.editions]


def between(known: list[str], earlier: str | None, later: str | None) -> list[str]:
    """The editions after `earlier` up to `later`, each an edition or a vintage; by default the newest alone.

    Raises `LookupError` for one that is not known, or when they are not in order.
    """
    last = _position(known, later) if later else len(known) - 1
    first = _position(known, earlier) if earlier else last - 1
    if first >= last and (earlier or later):
        raise LookupError(f"{earlier or known[max(first, 0)]} is not before {later or known[last]}")
    return known[first + 1 : last + 1] if first >= 0 else []


def revisions(lake: Path, table_id: str, through: list[str]) -> list[Revision]:
    """Every cell that differs between the edition before `through` and the last of it."""
    if not through:
        return []
    rows = athena.run(STEPS, PUBLISHED, [f"'{table_id}'"], lake).rows
    steps = [row for edition in through for row in rows if row[0] == edition]
    return list(_added_up(steps))


def _added_up(steps: Iterable[tuple[str | None, ...]]) -> Iterable[Revision]:
    cells: dict[tuple[str, str], tuple[str, str | None, str | None]] = {}
    for _, series_no, series, cell, old, new in steps:
        place = (str(series_no), str(cell))
        cells[place] = (str(series), cells[place][1] if place in cells else old, new)
    for (series_no, cell), (series, old, new) in cells.items():
        if old != new:
            kind = "new" if old is None else "deleted" if new is None else "revised"
            yield Revision(series_no, series, cell, kind, old, new)


def _position(known: list[str], name: str) -> int:
    """Where the edition, or the last edition of the vintage, called `name` stands."""
    fitting = [n for n, edition in enumerate(known) if name in (edition, edition.rpartition(".")[0])]
    if not fitting:
        raise LookupError(f"there is no edition {name}; there are {', '.join(known)}")
    return fitting[-1]
