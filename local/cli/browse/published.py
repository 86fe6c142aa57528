"""The published tables, and which of all that SingStat lists have words in their titles."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from pipeline.contracts import keys
from pipeline.publication.record import Publication
from pipeline.table.manifest import Manifest
from pipeline.table.periods import MONTHS

from local.cli import listed
from local.cli.names import check_published
from local.cli.records import publications, read_record
from local.cloud.sql import athena
from local.cloud.sql.catalogue import PUBLISHED, load

OTHER = "Other themes"
HERE, ELSEWHERE = "Published here", "At SingStat, not published here"


class Entry(NamedTuple):
    """A line of the list of tables, below a heading; `record` is None if the table is not published."""

    heading: str
    table_id: str
    title: str
    record: Publication | None


def by_theme(lake: Path) -> dict[str, list[Publication]]:
    """The published tables by title, under their themes. Raises `NothingPublished`."""
    check_published(lake)
    themes: dict[str, list[Publication]] = {}
    for record in sorted(publications(lake)[0], key=lambda each: (not each.theme, each.theme, each.title)):
        themes.setdefault(record.theme or OTHER, []).append(record)
    return themes


def search(lake: Path, words: str, records: Mapping[str, Publication]) -> list[Entry]:
    """The tables whose titles or IDs have all the words, in any case: the published `records` first, then by title."""
    wanted = words.casefold().split()
    rows = athena.run(listed.select(load(lake)), PUBLISHED, [], lake).rows
    found = [
        Entry(HERE if table_id in records else ELSEWHERE, str(table_id), str(title), records.get(str(table_id)))
        for table_id, title, *_ in rows
        if all(word in f"{table_id} {title}".casefold() for word in wanted)
    ]
    return sorted(found, key=lambda each: (each.record is None, each.title))


def manifest(lake: Path, record: Publication) -> Manifest:
    """The manifest of the edition that a record shows. Raises `RuntimeError` if it cannot be read."""
    key = keys.manifest(record.frequency, record.table_id, record.run_id)
    for path in lake.glob(f"*/{key}"):
        found, wrong = read_record(path, Manifest)
        if found:
            return found
        raise RuntimeError(wrong or f"{path} is empty")
    raise RuntimeError(f"{record.table_id} has no {key}: `singstat run {record.table_id} --force` downloads it again")


def period(start: str, frequency: str) -> str:
    """The period that begins on an ISO date, as SingStat writes it; "" for a cross-section, which has no date."""
    if not start:
        return ""
    year, month = start[:4], int(start[5:7])
    names = {
        "monthly": f"{year} {MONTHS[month - 1]}",
        "quarterly": f"{year} {(month + 2) // 3}Q",
        "half_yearly": f"{year} {(month + 5) // 6}H",
    }
    return names.get(frequency, year)
