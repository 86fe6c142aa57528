"""The catalogue: every table that SingStat lists, with those that it no longer does."""

import re
from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from pipeline.errors import CatalogueShrunk, SourceContract, SourceIncomplete, SourceInconsistent
from pipeline.frequency import RequestedFrequency
from pipeline.run.plan import TABLE_ID
from pipeline.source.responses import FREQUENCIES, SearchResult, label

EVERYTHING = "%"
KEYWORDS = "abcdefghijklmnopqrstuvwxyz0123456789"  # asked one by one where everything is too much for one answer
KINDS: dict[str, Literal["time_series", "cross_sectional"]] = {"TS": "time_series", "CT": "cross_sectional"}
FREQUENCY_IN_TITLE = re.compile(rf", ({'|'.join(FREQUENCIES)})\b")
KEPT_PERCENT = 90


class ListedTable(Struct, frozen=True, forbid_unknown_fields=True):
    """A line of `catalogue/tables.jsonl`. Dates are ISO 8601, in Singapore.

    `frequency` is read from the title, "" where a title has none. `last_seen` is the day of the newest refresh that
    listed the table, `retired_on` that of the first one that did not; None while it is listed.
    """

    table_id: str
    title: str
    kind: Literal["time_series", "cross_sectional"]
    frequency: RequestedFrequency
    last_seen: str
    retired_on: str | None = None


def merged(answers: Iterable[Sequence[SearchResult]]) -> list[SearchResult]:
    """Each table of the answers once, by id.

    Raises `SourceIncomplete` if there is none, `SourceInconsistent` if two answers differ about a table, and
    `SourceContract` for an id that no table has or an unknown type of table.
    """
    tables: dict[str, SearchResult] = {}
    for answer in answers:
        for table in answer:
            if not TABLE_ID.fullmatch(table.id) or table.table_type not in KINDS:
                raise SourceContract(f"the search lists {table.id[:40]!r} of the type {table.table_type[:40]!r}")
            if tables.setdefault(table.id, table) != table:
                raise SourceInconsistent(f"the search lists {table.id} with two titles or types")
    if not tables:
        raise SourceIncomplete("the search lists no table at all")
    return [tables[table_id] for table_id in sorted(tables)]


def refreshed(
    known: Sequence[ListedTable], found: Sequence[SearchResult], today: str, accept: bool
) -> list[ListedTable]:
    """The catalogue of `today`, by id: what was found, and what was known and is retired.

    Raises `CatalogueShrunk` if more than a tenth of the tables listed before are gone, unless `accept`.
    """
    now = {table.id: table for table in found}
    listed = [table for table in known if not table.retired_on]
    gone = [table for table in listed if table.table_id not in now]
    if not accept and 100 * (len(listed) - len(gone)) < KEPT_PERCENT * len(listed):
        raise CatalogueShrunk(f"{len(gone)} of {len(listed)} tables are no longer listed, like {gone[0].table_id}")
    retired = [
        table if table.retired_on else replace(table, retired_on=today) for table in known if table.table_id not in now
    ]
    current = [
        ListedTable(table.id, label(table.title), KINDS[table.table_type], _frequency(table), last_seen=today)
        for table in found
    ]
    return sorted(current + retired, key=lambda table: table.table_id)


def _frequency(table: SearchResult) -> RequestedFrequency:
    if KINDS[table.table_type] == "cross_sectional":
        return "cross_sectional"
    in_title = FREQUENCY_IN_TITLE.findall(table.title)
    return FREQUENCIES[in_title[-1]] if in_title else ""
