"""The cells that differ between two editions of a table, from the rows of the `revisions` view."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import msgspec
from pipeline.contracts import keys
from pipeline.publication.record import Publication
from pipeline.publication.revisions import Kind, revision_kind
from pipeline.run.plan import TABLE_ID

from local.cloud.sql import athena
from local.cloud.sql.catalogue import PUBLISHED

REVISIONS = (
    "SELECT edition, series_no, series, cell, old_text, new_text FROM revisions WHERE table_id = ? ORDER BY 1, 2, 4"
)


class Revision(NamedTuple):
    """A cell that differs, as text. `old` or `new` is None where the cell is absent."""

    series_no: str
    series: str
    cell: str
    kind: Kind
    old: str | None
    new: str | None


def editions(lake: Path, table_id: str) -> list[str]:
    """The editions of a table, oldest first. Raises `LookupError` if it is not published."""
    paths = lake.glob(f"*/{keys.publication(table_id)}") if TABLE_ID.fullmatch(table_id) else []
    records = [body for path in paths if (body := path.read_bytes())]
    if not records:
        raise LookupError(f"{table_id} is not published in {lake}")
    publication = msgspec.json.decode(records[0], type=Publication)
    return [edition.edition for edition in publication.editions]


def between(known: list[str], earlier: str | None, later: str | None) -> list[str]:
    """The editions after `earlier` up to and including `later`, each given as an edition or a vintage.

    By default the newest alone; empty if there is only one edition. Raises `LookupError` if an edition does not exist,
    `earlier` is not before `later`, or there is none before `later`.
    """
    last = _position(known, later) if later else len(known) - 1
    first = _position(known, earlier) if earlier else last - 1
    if first >= last and (earlier or later):
        raise LookupError(f"{earlier or known[max(first, 0)]} is not before {later or known[last]}")
    if first < 0 and later:
        raise LookupError(f"there is no edition before {later}")
    return known[first + 1 : last + 1] if first >= 0 else []


def revisions(lake: Path, table_id: str, through: list[str]) -> list[Revision]:
    """The cells that differ between the last edition of `through` and the one before its first."""
    if not through:
        return []
    rows = athena.run(REVISIONS, PUBLISHED, [f"'{table_id}'"], lake).rows
    return list(_combine(row for edition in through for row in rows if row[0] == edition))


def _combine(rows: Iterable[tuple[str | None, ...]]) -> Iterable[Revision]:
    """One revision per cell, from its first old to its last new text; none if they are equal."""
    cells: dict[tuple[str, str], tuple[str, str | None, str | None]] = {}
    for _, series_no, series, cell, old, new in rows:
        key = (str(series_no), str(cell))
        cells[key] = (str(series), cells[key][1] if key in cells else old, new)
    for (series_no, cell), (series, old, new) in cells.items():
        if kind := revision_kind(old, new):
            yield Revision(series_no, series, cell, kind, old, new)


def _position(known: list[str], name: str) -> int:
    """The index of an edition, or of the last edition of a vintage."""
    matching = [n for n, edition in enumerate(known) if name in (edition, edition.rpartition(".")[0])]
    if not matching:
        raise LookupError(f"there is no edition {name}; there are {', '.join(known)}")
    return matching[-1]
