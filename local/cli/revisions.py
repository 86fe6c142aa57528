"""What differs between two editions of a table: the `revisions` view, over those two alone."""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from local.cli.names import UnknownEdition, published
from local.cloud.sql import athena
from local.cloud.sql.catalogue import PUBLISHED, Catalogue, load

REVISIONS = "SELECT series_no, series, cell, kind, old_text, new_text FROM revisions ORDER BY 1, 3, 4"


class Revision(NamedTuple):
    """A row of the view, without its numbers. `old` or `new` is None where the cell is absent."""

    series_no: str
    series: str
    cell: str
    kind: str
    old: str | None
    new: str | None


def editions(lake: Path, table_id: str) -> list[str]:
    """The editions of a table, oldest first. Raises `NothingPublished`, or `UnknownTable` if it is not published."""
    return [edition.edition for edition in published(lake, table_id).editions]


def between(known: list[str], earlier: str | None, later: str | None) -> tuple[str, str] | None:
    """Two editions to compare, each given as an edition or a vintage; None if there is only one.

    By default the newest and the one before. Raises `UnknownEdition` as `position`, `LookupError` if `earlier` is not
    before `later`, or there is none before `later`.
    """
    last = position(known, later) if later else len(known) - 1
    first = position(known, earlier) if earlier else last - 1
    if first >= last and (earlier or later):
        raise LookupError(f"{earlier or known[max(first, 0)]} is not before {later or known[last]}")
    if first < 0 and later:
        raise LookupError(f"there is no edition before {later}")
    return (known[first], known[last]) if first >= 0 else None


def revisions(lake: Path, table_id: str, compared: tuple[str, str]) -> list[Revision]:
    """What differs between two editions, series by series."""
    catalogue = only(load(lake), {(table_id, edition) for edition in compared})
    with athena.session(catalogue, PUBLISHED, lake, lake) as (con, translate):
        return [Revision(*row) for row in con.execute(translate(REVISIONS)).fetchall()]


def only(catalogue: Catalogue, kept: set[tuple[str, ...]]) -> Catalogue:
    """The published tables with these partitions alone."""
    tables = {
        name: replace(table, partitions={values: table.partitions[values] for values in kept & table.partitions.keys()})
        for name, table in catalogue.databases[PUBLISHED].items()
    }
    return Catalogue({PUBLISHED: tables})


def position(known: list[str], name: str) -> int:
    """The index of an edition, or of the last edition of a vintage. Raises `UnknownEdition`, with those there are."""
    matching = [n for n, edition in enumerate(known) if name in (edition, edition.rpartition(".")[0])]
    if not matching:
        raise UnknownEdition(f"there is no edition {name}; there are {', '.join(known)}")
    return matching[-1]
