"""The words and figures of the daily report, for people."""

import re
from datetime import date
from decimal import Decimal

from pipeline.billing.summary import Summary

SMALL = Decimal("0.1")
MINUS = "\u2212"
LEAST = Decimal("0.0001")
WHOSE = re.compile(r"^(Amazon|AWS) ?(?=[A-Z])")


def day(of: date) -> str:
    """A day as 24 Nov 2026."""
    return f"{of.day} {of:%b %Y}"


def amount(value: Decimal, digits: int = 4) -> str:
    """Money to a hundredth of a cent, or to so many digits; nothing is 0, and less than that is said."""
    if abs(value) < LEAST:
        return "0" if not value else f"<{LEAST}" if value > 0 else f"{MINUS}0.0000"
    return f"{value:,.{digits}f}".replace("-", MINUS)


def headline(value: Decimal) -> str:
    """Money to a cent, as long as that is exact enough to say something."""
    return amount(value, 2 if abs(value) >= SMALL else 4)


def name(service: str) -> str:
    """A service's name without whose it is."""
    return WHOSE.sub("", service)


def lead_sentence(summary: Summary) -> str:
    """The first sentence: what the month has cost, and what it will; or why nobody knows."""
    bill, month = summary.bill, summary.month
    if bill.notice:
        return bill.notice
    if month.until is None or month.forecast is None:
        return f"No day of {month.first:%B %Y} is billed yet."
    spent = f"{headline(month.spent)} {bill.currency} in {month.first:%B %Y} up to {day(month.until)}"
    return f"{spent}; about {headline(month.forecast)} by its end, at the pace so far."


def in_words(summary: Summary) -> str:
    """The chart for those who do not see it."""
    bars = "; ".join(f"{day(each.day)} {amount(each.billed)}" for each in summary.days if each.billed is not None)
    services = ", ".join(f"{name(each.name)} {amount(each.total)}" for each in summary.charted)
    return f"Stacked bars, {summary.bill.currency} a day: {bars}. By service, bottom to top: {services}."
