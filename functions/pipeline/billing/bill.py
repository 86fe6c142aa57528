"""The bill: exact costs per service and day, as Cost Explorer reports them."""

import calendar
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from msgspec import Struct

WINDOW_DAYS = 14
LATE_DAYS = 5  # Cost Explorer is about two days behind


class Charge(Struct, frozen=True):
    """The cost of a service on one day (UTC); negative for a credit."""

    day: date
    service: str
    amount: Decimal


class Bill(Struct, frozen=True):
    """Charges in one currency. If there are none, `notice` gives the reason and `remedy` the action to take."""

    charges: list[Charge]
    currency: str = "USD"
    notice: str = ""
    remedy: str = ""


class MonthToDate(Struct, frozen=True):
    """The month of the last billed day, `until`; None if nothing has been billed yet.

    `forecast` extrapolates the average of the billed days, counted from the first with charges, to the whole month.
    """

    first: date
    spent: Decimal
    until: date | None
    forecast: Decimal | None


def window(day: date) -> list[date]:
    """The 14 days up to and including `day`."""
    return [day - timedelta(days=ago) for ago in reversed(range(WINDOW_DAYS))]


def first_day(day: date) -> date:
    """The first day the report of `day` needs: the start of its 14 days or of the last billed month."""
    return min(window(day)[0], _first_month(day))


def read(results: Iterable[Mapping[str, Any]]) -> Bill:
    """Parse `ResultsByTime` of `GetCostAndUsage`, grouped by service. Raises `ValueError` if currencies are mixed."""
    charges, currencies = [], set()
    for result in results:
        day = date.fromisoformat(result["TimePeriod"]["Start"])
        for group in result["Groups"]:
            cost = group["Metrics"]["UnblendedCost"]
            currencies.add(cost["Unit"])
            charges.append(Charge(day, group["Keys"][0], Decimal(cost["Amount"])))
    if len(currencies) > 1:
        raise ValueError(f"the bill mixes {' and '.join(sorted(currencies))}")
    return Bill(charges, *currencies)


def month_to_date(bill: Bill, day: date) -> MonthToDate:
    """Costs and forecast of the last billed month, as of `day`."""
    until = max((charge.day for charge in bill.charges), default=day)
    first = max(until.replace(day=1), _first_month(day))
    charges = [charge for charge in bill.charges if charge.day >= first]
    spent = sum((charge.amount for charge in charges), Decimal(0))
    if not charges:
        return MonthToDate(first, spent, None, None)
    began = min(charge.day for charge in charges)
    pace = spent / ((until - began).days + 1)
    left = calendar.monthrange(until.year, until.month)[1] - until.day
    return MonthToDate(first, spent, until, spent + pace * left)


def _first_month(day: date) -> date:
    """The start of the earliest month the last billed day can be in."""
    return (day - timedelta(days=LATE_DAYS)).replace(day=1)
