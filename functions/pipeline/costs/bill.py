"""The bill as Cost Explorer tells it, exact: what each service cost on each day."""

import calendar
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from msgspec import Struct

WINDOW_DAYS = 14


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
    """The month of the last day that is asked for. `until` is the last day with charges; None: no day has any yet.

    `forecast`: as if each day after `until` cost what a day has cost from the first with charges on.
    """

    first: date
    spent: Decimal
    until: date | None
    forecast: Decimal | None


def window(day: date) -> list[date]:
    """The 14 days before `day`."""
    return [day - timedelta(days=ago) for ago in range(WINDOW_DAYS, 0, -1)]


def first_day(day: date) -> date:
    """The first day that the report of `day` needs: of its 14 days or of the month of the last of them."""
    days = window(day)
    return min(days[0], days[-1].replace(day=1))


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
    """How the month of the day before `day` stands."""
    first = window(day)[-1].replace(day=1)
    charges = [charge for charge in bill.charges if charge.day >= first]
    spent = sum((charge.amount for charge in charges), Decimal(0))
    if not charges:
        return MonthToDate(first, spent, None, None)
    begun, until = min(charge.day for charge in charges), max(charge.day for charge in charges)
    pace = spent / ((until - begun).days + 1)
    left = calendar.monthrange(first.year, first.month)[1] - until.day
    return MonthToDate(first, spent, until, spent + pace * left)
