"""SingStat's period keys, such as `2026 Jan`, as dates."""

import re
from functools import lru_cache

from pipeline.errors import SourceContract
from pipeline.frequency import Frequency

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
YEAR = r"(?P<year>[12]\d{3})"
HALF = re.compile(r"H([12])", re.ASCII)
FORMS: dict[Frequency, re.Pattern[str]] = {
    "monthly": re.compile(rf"{YEAR} (?P<month>{'|'.join(MONTHS)})", re.ASCII),
    "quarterly": re.compile(rf"{YEAR} (?P<quarter>[1-4])Q", re.ASCII),
    "half_yearly": re.compile(rf"{YEAR} (?:(?P<half>[12])H|H(?P<h>[12]))", re.ASCII),
    "yearly": re.compile(YEAR, re.ASCII),
}


def period_name(key: str) -> str:
    """The period as tables call it, so that one spelling compares across editions: `2020 1H` also for `2020 H1`."""
    return HALF.sub(r"\1H", key)


@lru_cache(maxsize=8192)  # the series of a table share their keys
def period_start(key: str, frequency: Frequency) -> str:
    """The first day of the period as an ISO 8601 date: `2026 2Q` of a quarterly table is `2026-04-01`.

    Raises `SourceContract` if `key` is not a period of this frequency.
    """
    match = FORMS[frequency].fullmatch(key)
    if match is None:
        raise SourceContract(f"{key[:40]!r} is not a {frequency} period")
    parts = match.groupdict()
    if month := parts.get("month"):
        first_month = MONTHS.index(month) + 1
    elif quarter := parts.get("quarter"):
        first_month = 3 * int(quarter) - 2
    elif half := parts.get("half") or parts.get("h"):
        first_month = 6 * int(half) - 5
    else:
        first_month = 1
    return f"{parts['year']}-{first_month:02}-01"
