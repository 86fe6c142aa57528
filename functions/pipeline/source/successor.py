"""The successor of a retired table: rebasing publishes it with a new id and a title that differs only in years."""

import re
from collections.abc import Sequence

from pipeline.source.responses import SearchResult

YEARS = re.compile(r"\b\d{4} as base year\b|\b(?:[1-4]q ?)?\d{4}\b", re.ASCII)


def search_words(title: str) -> str:
    """The words to search for: the title up to its first comma or parenthesis."""
    return re.split(r"[,(]", title)[0].strip()


def stem(title: str) -> list[str]:
    """The words of a title without years such as `2019 As Base Year` or `(2017 = 100)`."""
    return re.findall(r"[a-z]{2,}", YEARS.sub(" ", title.casefold()))


def successor(table_id: str, title: str, results: Sequence[SearchResult]) -> SearchResult | None:
    """The only other table whose title has the same stem; None if there is no such table or more than one."""
    same = [table for table in results if table.id != table_id and stem(table.title) == stem(title)]
    return same[0] if len(same) == 1 else None
