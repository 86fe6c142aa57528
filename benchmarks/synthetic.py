"""Synthetic answers of `GET /tabledata/{id}`: 2,000 cells a page, 500 months a series, as compact as SingStat's."""

import json
import random
from collections.abc import Iterator
from typing import Any

CELLS_PER_PAGE, PERIODS = 2_000, 500
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
KEYS = [f"{1981 + n // 12} {MONTHS[n % 12]}" for n in range(PERIODS)]
NAMES = ("Food & Non-Alcoholic Beverages", "Catégorie « été »", 'The "Other" \\ Residual', "食品 Food", "Transport")
HEAD = {
    "id": "M999999",
    "title": "Synthetic, Monthly",
    "footnote": "Synthetic",
    "frequency": "Monthly",
    "datasource": "Nobody",
    "generatedBy": "SingStat Table Builder",
    "dataLastUpdated": "24/07/2026",
    "dateGenerated": "24/07/2026",
    "offset": None,
    "limit": str(CELLS_PER_PAGE),
    "sortBy": None,
    "timeFilter": None,
    "between": None,
    "search": None,
}


def bodies(cells: int) -> Iterator[bytes]:
    """The pages of a table of `cells` cells, a multiple of 2,000; always the same.

    A quarter of the series begins with `na`, 0.3 % of the cells are `-`, 15 % of the series have a footnote, and one
    name in ten is not ASCII or has a quote.
    """
    chance = random.Random(cells)  # noqa: S311 - not for secrets
    for number in range(0, cells // PERIODS, CELLS_PER_PAGE // PERIODS):
        rows = [_row(number + n, chance) for n in range(CELLS_PER_PAGE // PERIODS)]
        body = {"Data": HEAD | {"row": rows}, "DataCount": 1, "StatusCode": 200, "Message": ""}
        yield json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _row(number: int, chance: random.Random) -> dict[str, Any]:
    missing = chance.randrange(PERIODS // 2) if chance.random() < 1 / 4 else 0
    name = chance.choice(NAMES[1:4]) if chance.random() < 1 / 10 else chance.choice((NAMES[0], NAMES[4]))
    return {
        "seriesNo": f"1.{number}",
        "rowText": f"{name} {number}",
        "uoM": "Index",
        "footnote": f"Synthetic footnote {number}" if chance.random() < 15 / 100 else "",
        "columns": [{"key": key, "value": "na" if n < missing else _text(chance)} for n, key in enumerate(KEYS)],
    }


def _text(chance: random.Random) -> str:
    return "-" if chance.random() < 3 / 1000 else f"{chance.uniform(-50, 1_500):.{chance.randrange(4)}f}"
