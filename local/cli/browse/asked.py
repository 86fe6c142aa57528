"""What the address of a page asks for."""

from collections.abc import Mapping
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta, Struct, field
from pipeline.errors import SourceContract
from pipeline.frequency import Frequency
from pipeline.table.periods import period_start

Text = Annotated[str, Meta(max_length=200)]


class AddressInvalid(ValueError):
    """The address has a parameter that no page understands."""


class Asked(Struct, frozen=True, forbid_unknown_fields=True):
    """The parameters of all pages, "" for one that is not given. `first` and `last` are periods in SingStat's words."""

    q: Text = ""
    theme: Text = ""
    series: Text = ""
    first: Text = field(name="from", default="")
    last: Text = field(name="to", default="")
    edition: Text = ""
    page: Annotated[int, Meta(ge=1, le=1_000_000)] = 1


class Periods(NamedTuple):
    """First days of the first and the last period of a selection, ISO dates; "" for no limit."""

    first: str
    last: str

    def __contains__(self, start: object) -> bool:
        return (self.first or str(start)) <= str(start) <= (self.last or str(start))


class Paging(NamedTuple):
    """One page of a list: its number, and the numbers of items on a page and in all."""

    wanted: int
    size: int
    total: int

    @property
    def pages(self) -> int:
        """The number of pages, at least one."""
        return max(-(-self.total // self.size), 1)

    @property
    def number(self) -> int:
        """The page; the last one if there are fewer."""
        return min(self.wanted, self.pages)

    @property
    def start(self) -> int:
        """The items before it."""
        return (self.number - 1) * self.size

    @property
    def end(self) -> int:
        """The items up to its end."""
        return min(self.start + self.size, self.total)


def read(parameters: Mapping[str, str]) -> Asked:
    """The parameters of an address. Raises `AddressInvalid` for an unknown, a long or a malformed one."""
    try:
        return msgspec.convert(dict(parameters), Asked, strict=False)
    except msgspec.ValidationError as error:
        raise AddressInvalid(f"the address is not one of these pages: {error}") from error


def periods(asked: Asked, frequency: Frequency) -> Periods:
    """The periods that are asked for. Raises `AddressInvalid` if a table has none like them, or for a wrong order."""
    if frequency == "cross_sectional" and (asked.first or asked.last):
        raise AddressInvalid("a cross-sectional table has columns, not periods")
    try:
        first, last = (each and period_start(each, frequency) for each in (asked.first, asked.last))
    except SourceContract as error:
        raise AddressInvalid(str(error)) from error
    if last and first > last:
        raise AddressInvalid(f"{asked.first} is after {asked.last}")
    return Periods(first, last)
