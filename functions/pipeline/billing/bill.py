"""The bill as Cost Explorer tells it, exact: what each service cost on each day."""

import calendar
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from msgspec import Struct

WINDOW_DAYS = 14
LATE_DAYS = 5  # a bill is two days late, or a little more


class Charge(Struct, frozen=True):
    """What a service cost on a day, by UTC; credits are negative."""

    day: date
    service: str
    amount: Decimal


class Bill(Struct, frozen=True):
    """Charges of one currency; without any, `notice` says why and `remedy` what to do."""

    charges: list[Charge]
    currency: str = "USD"
    notice: str = ""
    remedy: str = ""


class MonthToDate(Struct, frozen=True):
    """The month of the last day with charges, `until`; None: no day has any yet.

    `forecast`: as if each day after `until` cost what a day has cost from the first with charges on.
    """

    first: date
    spent: Decimal
    until: date | None
    forecast: Decimal | None


def window(day: date) -> list[date]:
    """The 14 days that end with `day`."""
    return [day - timedelta(days=ago) for ago in reversed(range(WINDOW_DAYS))]


def first_day(day: date) -> date:
    """The first day that the report of `day` needs: of its 14 days, or of the month that was billed last."""
    return min(window(day)[0], _first_month(day))


def read(results: Iterable[Mapping[str, Any]]) -> Bill:
    """The bill in `ResultsByTime`, daily by service. Raises `ValueError` when it mixes currencies."""
    charges, currencies = [], set()
    for result in results:
        day = date.fromisoformat(result["TimePeriod"]["Start"])
        for group in result["Groups"]:
            cost = group["Metrics"]["UnblendedCost"]
            currencies.add(cost["Unit"])
            charges.append(Charge(day, group["Keys"][0], Decimal(cost["Amount"])))
    if len(currencies) > 1:
        raise ValueError(f"the bill is in {' and '.join(sorted(currencies))}")
    return Bill(charges, *currencies)


def month_to_date(bill: Bill, day: date) -> MonthToDate:
    """How the month stands that was billed last, as of `day`."""
    until = max((charge.day for charge in bill.charges), default=day)
    first = max(until.replace(day=1), _first_month(day))
    charges = [charge for charge in bill.charges if charge.day >= first]
    spent = sum((charge.amount for charge in charges), Decimal(0))
    if not charges:
        return MonthToDate(first, spent, None, None)
    begun = min(charge.day for charge in charges)
    pace = spent / ((until - begun).days + 1)
    left = calendar.monthrange(until.year, until.month)[1] - until.day
    return MonthToDate(first, spent, until, spent + pace * left)


def _first_month(day: date) -> date:
    """The oldest month that the last billed day can be in."""
    return (day - timedelta(days=LATE_DAYS)).replace(day=1)
