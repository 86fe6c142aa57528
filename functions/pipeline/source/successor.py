"""Which table took the place of a retired one: rebasing gives a table a new id and almost the same title."""

import re
from collections.abc import Sequence

from pipeline.source.answers import Found

YEARLESS = re.compile(r"\b\d{4} as base year\b|\b(?:[1-4]q ?)?\d{4}\b", re.ASCII)


def search_words(title: str) -> str:
    """What to search for: the title up to its first comma or parenthesis."""
    return re.split(r"[,(]", title)[0].strip()


def stem(title: str) -> list[str]:
    """The words of a title without its years, as `2019 As Base Year` or `(2017 = 100)`."""
    return re.findall(r"[a-z]{2,}", YEARLESS.sub(" ", title.casefold()))


def successor(table_id: str, title: str, found: Sequence[Found]) -> Found | None:
    """The found table, other than `table_id`, whose title has the same stem; None when there is none or several."""
    same = [table for table in found if table.id != table_id and stem(table.title) == stem(title)]
    return same[0] if len(same) == 1 else None
