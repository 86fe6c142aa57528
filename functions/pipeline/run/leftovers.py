"""Staged rows that nobody needs any more: docs/decisions/0023."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from pipeline.contracts import keys

KEPT = timedelta(days=30)  # an execution can be redriven for 14
QUERIED = timedelta(hours=12)  # Athena stops a query after at most four
FILE = re.compile(rf"({keys.STAGED}/run=([^/]+)/frequency=[^/]+/table_id=([^/]+)/)[^/]+")
NAMED = re.compile(rf"{keys.STAGED}/run=[^/]+/frequency=[^/]+/table_id=[^/]+/".encode())


class Folder(NamedTuple):
    """The prefix of one table's staged rows in one run."""

    prefix: str
    run_id: str
    table_id: str


class Named(NamedTuple):
    """The prefixes that a table's publication and audit records name, and when one of these last changed."""

    prefixes: frozenset[str]
    changed: datetime


def prefixes(record: bytes) -> frozenset[str]:
    """The prefixes of staged rows in a record of any release, whether or not it can be decoded."""
    return frozenset(found.decode() for found in NAMED.findall(record))


def aged(files: Iterable[tuple[str, datetime]], now: datetime) -> dict[Folder, list[str]]:
    """The keys of staged files, given with their last modification, by folder: where none is younger than 30 days."""
    folders = defaultdict[Folder, list[tuple[str, datetime]]](list)
    for key, modified in files:
        if found := FILE.fullmatch(key):
            folders[Folder(*found.groups())].append((key, modified))
    return {
        folder: [key for key, _ in found]
        for folder, found in folders.items()
        if max(modified for _, modified in found) < now - KEPT
    }


def leftovers(
    folders: Mapping[Folder, Sequence[str]],
    records: Mapping[str, Named],
    ended_before: Callable[[str, datetime], bool],
    now: datetime,
) -> list[str]:
    """The keys of folders that no record of their table names, of runs that ended more than 30 days ago.

    A folder may have been named until a record changed: queries that began before have 12 hours to end.
    """
    return [
        key
        for folder, found in folders.items()
        if _unnamed(folder, records.get(folder.table_id), now) and ended_before(folder.run_id, now - KEPT)
        for key in found
    ]


def _unnamed(folder: Folder, named: Named | None, now: datetime) -> bool:
    return named is None or (folder.prefix not in named.prefixes and named.changed < now - QUERIED)
