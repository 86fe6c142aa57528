"""Tables by their names, and what was probably meant by a name that none has."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from pipeline.contracts import keys
from pipeline.publication.record import Publication
from pipeline.run.plan import TABLE_ID

from local.cli.records import publications, read_publication
from local.cloud.sql.catalogue import FILE_NAME

CLOSE, MOST = 0.8, 3  # how alike names are, and how many are named


class NothingPublished(LookupError):
    """The data directory has no published tables."""


class UnknownTable(LookupError):
    """No table of that name is published. `meant` are the titles of those that probably were, by ID."""

    def __init__(self, message: str, meant: Mapping[str, str]) -> None:
        super().__init__(message)
        self.meant = meant


class UnknownSeries(LookupError):
    """The table has no series of that number or label, or several."""


class UnknownEdition(LookupError):
    """The table has no edition of that name."""


def check_published(lake: Path) -> None:
    """Raises `NothingPublished` if nothing was ever published in `lake`."""
    if not (lake / FILE_NAME).exists():
        raise NothingPublished(f"nothing is published in {lake} yet: start with `singstat run`")


def published(lake: Path, table_id: str) -> Publication:
    """The record of a published table.

    Raises `NothingPublished`, `UnknownTable` with the tables that were probably meant, or `RuntimeError` if the record
    cannot be read.
    """
    check_published(lake)
    for path in lake.glob(f"*/{keys.publication(table_id)}") if TABLE_ID.fullmatch(table_id) else ():
        record, wrong = read_publication(path)
        if wrong:
            raise RuntimeError(wrong)
        if record:
            return record
    titles = {record.table_id: record.title for record in publications(lake)[0]}
    words = table_id.casefold().split()
    alike = close(table_id, list(titles)) or [
        each for each, title in titles.items() if all(word in title.casefold() for word in words)
    ]
    meant = {each: titles[each] for each in alike[:MOST]}
    named = " or ".join(f"{each} ({title})" for each, title in meant.items())
    advice = (
        f"did you mean {named}?" if named else "`singstat tables` lists what is, `singstat search` what SingStat has"
    )
    raise UnknownTable(f"{table_id} is not published in {lake}: {advice}", meant)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: what was probably meant; "" if no known name is spelt like it."""
    meant = close(name, list(known))
    return f": did you mean {' or '.join(meant)}?" if meant else ""


def close(name: str, known: Sequence[str]) -> list[str]:
    """Those of the known names that are spelt like `name`, the most alike first; case does not matter."""
    folded = {each.casefold(): each for each in known}
    return [folded[each] for each in get_close_matches(name.casefold(), folded, MOST, CLOSE)]
