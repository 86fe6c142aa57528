"""The figures of the cost report: billed costs by day and service, the month to date, and the estimates of runs."""

import csv
import io
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from msgspec import Struct

from pipeline.billing.bill import Bill, MonthToDate, month_to_date, window
from pipeline.costs.record import CostRecord

SHOWN = 6  # services shown separately in the chart
OTHER = "Other services"


class Service(Struct, frozen=True):
    """The cost of a service on each of the 14 days, in order."""

    name: str
    days: list[Decimal]

    @property
    def total(self) -> Decimal:
        """The sum of the 14 days."""
        return sum(self.days, Decimal(0))


class Day(Struct, frozen=True):
    """One day. `billed` is None after the last billed day; `estimated` is the cost in USD of the runs started on it."""

    day: date
    billed: Decimal | None
    runs: int
    estimated: Decimal


class Summary(Struct, frozen=True):
    """The cost report. `services` are in descending order of cost; `charted` combines those after the sixth."""

    day: date
    application: str
    bill: Bill
    month: MonthToDate
    services: list[Service]
    charted: list[Service]
    days: list[Day]

    @property
    def billed(self) -> Decimal:
        """The billed total of the 14 days."""
        return sum((service.total for service in self.services), Decimal(0))

    @property
    def estimated(self) -> Decimal:
        """The estimated total of the runs in the 14 days, in USD."""
        return sum((day.estimated for day in self.days), Decimal(0))


def summarise(day: date, application: str, bill: Bill, records: Sequence[CostRecord]) -> Summary:
    """The report of `day` on the 14 days up to and including it."""
    days = window(day)
    charges = [charge for charge in bill.charges if charge.day >= days[0]]
    services = {charge.service: dict.fromkeys(days, Decimal(0)) for charge in charges}
    for charge in charges:
        services[charge.service][charge.day] += charge.amount
    listed = [Service(name, list(amounts.values())) for name, amounts in services.items()]
    listed.sort(key=lambda service: (-abs(service.total), service.name))
    until = max((charge.day for charge in charges), default=date.min)
    return Summary(
        day=day,
        application=application,
        bill=bill,
        month=month_to_date(bill, day),
        services=listed,
        charted=_charted(listed),
        days=[
            Day(
                day=each,
                billed=sum((amounts[each] for amounts in services.values()), Decimal(0)) if each <= until else None,
                runs=sum(record.day == each for record in records),
                estimated=sum((record.cost.usd for record in records if record.day == each), Decimal(0)),
            )
            for each in days
        ],
    )


def table(summary: Summary) -> bytes:
    """All figures, exact, as CSV in UTF-8: billed costs by day and service, estimates by day."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["day", "kind", "service", "amount", "currency"])
    for charge in sorted(summary.bill.charges, key=lambda charge: (charge.day, charge.service)):
        rows.writerow([charge.day, "bill", charge.service, f"{charge.amount:f}", summary.bill.currency])
    for day in summary.days:
        if day.runs:
            rows.writerow([day.day, "estimate", f"{day.runs} runs", f"{day.estimated:f}", "USD"])
    return text.getvalue().encode()


def _charted(services: list[Service]) -> list[Service]:
    shown, others = services[:SHOWN], services[SHOWN:]
    if not others:
        return shown
    return [
        *shown,
        Service(
            OTHER, [sum(amounts, Decimal(0)) for amounts in zip(*(service.days for service in others), strict=True)]
        ),
    ]
