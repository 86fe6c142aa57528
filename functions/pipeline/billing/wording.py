"""Dates, amounts and sentences of the cost report."""

import re
from datetime import date
from decimal import Decimal

from pipeline.billing.summary import Summary

SMALL = Decimal("0.1")
MINUS = "\u2212"
LEAST = Decimal("0.0001")
VENDOR = re.compile(r"^(Amazon|AWS) ?(?=[A-Z])")


def day(when: date) -> str:
    """A date as 24 Nov 2026."""
    return f"{when.day} {when:%b %Y}"


def money(value: Decimal, digits: int = 4) -> str:
    """An amount, by default to a hundredth of a cent. Zero is `0`; anything smaller than that is `<0.0001`."""
    if abs(value) < LEAST:
        return "0" if not value else f"<{LEAST}" if value > 0 else f"{MINUS}0.0000"
    return f"{value:,.{digits}f}".replace("-", MINUS)


def rounded(value: Decimal) -> str:
    """An amount to the cent; below ten cents to a hundredth of a cent."""
    return money(value, 2 if abs(value) >= SMALL else 4)


def short_name(service: str) -> str:
    """A service's name without Amazon or AWS."""
    return VENDOR.sub("", service)


def lead_sentence(summary: Summary) -> str:
    """The month to date and its forecast, or why there is none."""
    bill, month = summary.bill, summary.month
    if bill.notice:
        return bill.notice
    if month.until is None or month.forecast is None:
        return f"Nothing has been billed for {month.first:%B %Y} yet."
    spent = f"{rounded(month.spent)} {bill.currency} in {month.first:%B %Y} up to {day(month.until)}"
    return f"{spent}; forecast for the month: {rounded(month.forecast)} at the current pace."


def alt_text(summary: Summary) -> str:
    """The chart in words, for screen readers."""
    bars = "; ".join(f"{day(each.day)} {money(each.billed)}" for each in summary.days if each.billed is not None)
    services = ", ".join(f"{short_name(each.name)} {money(each.total)}" for each in summary.charted)
    return f"Stacked bars, {summary.bill.currency} a day: {bars}. By service, bottom to top: {services}."
