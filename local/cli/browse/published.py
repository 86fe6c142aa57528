"""The published tables, and which of all that SingStat lists have words in their titles."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec
from pipeline.contracts import keys
from pipeline.publication.record import Publication
from pipeline.run.catalogue import ListedTable
from pipeline.table.manifest import Manifest
from pipeline.table.periods import MONTHS

from local.cli.names import check_published
from local.cli.records import publications, read_record

LISTED = msgspec.json.Decoder(ListedTable)
OTHER = "Other themes"
HERE, ELSEWHERE = "Published here", "At SingStat, not published here"


class Entry(NamedTuple):
    """A line of the list of tables, below a heading; `record` is None if the table is not published."""

    heading: str
    table_id: str
    title: str
    record: Publication | None


def by_theme(lake: Path) -> tuple[dict[str, list[Publication]], list[str]]:
    """The published tables by title, under their themes, and what is wrong with records that cannot be shown.

    Raises `NothingPublished`.
    """
    check_published(lake)
    known, odd = publications(lake)
    themes: dict[str, list[Publication]] = {}
    for record in sorted(known, key=lambda each: (not each.theme, each.theme, each.title)):
        themes.setdefault(record.theme or OTHER, []).append(record)
    return themes, odd


def search(lake: Path, words: str, records: Mapping[str, Publication]) -> list[Entry]:
    """The tables whose titles or IDs have all the words, in any case: the published `records` first, then by title."""
    listed = [each for path in lake.glob(f"*/{keys.catalogue()}") for each in LISTED.decode_lines(path.read_bytes())]
    absent = [each for each in listed if each.table_id not in records and each.retired_on is None]
    every = [Entry(HERE, each.table_id, each.title, each) for each in records.values()]
    every += [Entry(ELSEWHERE, each.table_id, each.title, None) for each in absent]
    wanted = words.casefold().split()
    found = [each for each in every if all(word in f"{each.table_id} {each.title}".casefold() for word in wanted)]
    return sorted(found, key=lambda each: (each.record is None, each.title))


def manifest(lake: Path, table_id: str, frequency: str, run_id: str) -> Manifest:
    """The manifest of the download that an edition was made from. Raises `RuntimeError` if it cannot be read."""
    key, wrong = keys.manifest(frequency, table_id, run_id), ""
    for path in lake.glob(f"*/{key}"):
        found, wrong = read_record(path, Manifest)
        if found:
            return found
    raise RuntimeError(f"{wrong or f'there is no {key}'}: `singstat run {table_id} --force` downloads it again")


def last_period(lake: Path, record: Publication) -> str:
    """The last period of a table as SingStat writes it; "" for a cross-section, or if it cannot be read."""
    try:
        start = manifest(lake, record.table_id, record.frequency, record.run_id).last_period
    except RuntimeError:
        return ""
    if not start:
        return ""
    year, month, frequency = start[:4], int(start[5:7]), record.frequency
    names = {
        "monthly": f"{year} {MONTHS[month - 1]}",
        "quarterly": f"{year} {(month + 2) // 3}Q",
        "half_yearly": f"{year} {(month + 5) // 6}H",
    }
    return names.get(frequency, year)
