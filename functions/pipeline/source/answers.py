"""SingStat's answers as typed values. Fields that we do not use are ignored; those we use must have the known shape."""

import unicodedata
from collections.abc import Iterator
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Struct, field

from pipeline.errors import SourceContract, SourceMalformed, SourceUnavailable, TableNotFound
from pipeline.frequency import Frequency

MAX_COLUMN_LEVELS = 5
SERVER_ERRORS = 500
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})  # categories of characters that nobody sees in a label
FREQUENCIES: dict[str, Frequency] = {
    "Monthly": "monthly",
    "Quarterly": "quarterly",
    "Half-Yearly": "half_yearly",
    "Annual": "yearly",
    "Quinquennial": "yearly",
}


class Column(Struct):
    """A leaf (`key`, `value`) or, in a cross-sectional table, an inner node (`key`, `columns`)."""

    key: str
    value: str | None = None
    columns: list["Column"] | None = None


class Row(Struct, rename={"series": "rowText", "of_series": "seriesNo", "of_row": "rowNo", "unit": "uoM"}):
    """A series, or a row of a cross-sectional table, with its cells."""

    series: str
    of_series: str | None = None
    of_row: str | None = None
    unit: str | None = None
    footnote: str | None = None
    columns: list[Column] = field(default_factory=list)

    @property
    def series_no(self) -> str:
        number = self.of_series or self.of_row
        if number is None:
            raise SourceContract(f"the row {self.series[:40]!r} has neither seriesNo nor rowNo")
        return number

    def cells(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """Each leaf as (keys from the outermost column to the leaf, text)."""
        return _leaves(self.columns, (), f"row {self.series_no}")


def _leaves(columns: list[Column], outer: tuple[str, ...], where: str) -> Iterator[tuple[tuple[str, ...], str]]:
    for number, column in enumerate(columns):
        path, place = (*outer, column.key), f"{where}.columns[{number}]"
        if len(path) > MAX_COLUMN_LEVELS:
            raise SourceContract(f"{place} is nested deeper than {MAX_COLUMN_LEVELS} levels")
        if column.columns is not None:
            yield from _leaves(column.columns, path, place)
        elif column.value is not None:
            yield path, column.value
        else:
            raise SourceContract(f"{place} has neither value nor columns")


class Records(
    Struct,
    rename={
        "updated": "dataLastUpdated",
        "table_type": "tableType",
        "agency": "dataSource",
        "agency_of_series": "datasource",
    },
):
    """The header of a table, as both endpoints give it."""

    id: str
    title: str
    updated: str
    frequency: str | None = None
    table_type: str | None = None
    theme: str | None = None
    subject: str | None = None
    topic: str | None = None
    agency: str | None = None
    agency_of_series: str | None = None
    footnote: str | None = None
    limit: str | None = None
    total: int | None = None
    row: list[Row] = field(default_factory=list)


class Header(Struct, frozen=True, kw_only=True):
    """A table as its metadata describe it. `total` is its number of cells, None for cross-sectional tables."""

    table_id: str
    title: str
    frequency: Frequency
    vintage: date
    theme: str
    subject: str
    topic: str
    source_agency: str
    footnote: str
    total: int | None


class Page(Struct, frozen=True):
    """One answer of tabledata. `limit` is the number of cells that the server says it gives at most."""

    vintage: date | None
    limit: int | None
    rows: list[Row]


class Found(Struct, frozen=True, rename={"kind": "tableType"}):
    """A hit of the search. `kind` is what SingStat calls the table's type."""

    id: str
    title: str
    kind: str = ""


class _Search(Struct):
    records: list[Found] = field(default_factory=list)


class _Metadata(Struct):
    records: Records


class _Envelope(Struct):
    Data: msgspec.Raw
    StatusCode: int = 200
    Message: str | None = None


def read_metadata(body: bytes) -> Header:
    """The header in a metadata answer. Raises `SourceMalformed`, `SourceContract`, `TableNotFound`."""
    records = _decode(_data(body), _Metadata).records
    return Header(
        table_id=records.id,
        title=label(records.title),
        frequency=_frequency(records),
        vintage=_day(records.updated),
        theme=label(records.theme),
        subject=label(records.subject),
        topic=label(records.topic),
        source_agency=label(records.agency or records.agency_of_series),
        footnote=label(records.footnote),
        total=records.total,
    )


def read_page(body: bytes) -> Page:
    """The rows in a tabledata answer; "No records found" is a page without rows. Raises as `read_metadata`."""
    data = _data(body)
    if bytes(data).startswith(b'"'):
        return Page(vintage=None, limit=None, rows=[])
    records = _decode(data, Records)
    limit = int(records.limit) if records.limit and records.limit.isdecimal() else None
    return Page(vintage=_day(records.updated), limit=limit or None, rows=records.row)


def read_search(body: bytes) -> list[Found]:
    """The hits in a search answer, perhaps none. Raises as `read_metadata`."""
    data = _data(body)
    if bytes(data).startswith(b'"'):
        return []
    found: list[Found] = _decode(data, _Search).records
    return found


@lru_cache(maxsize=4096)
def label(text: str | None) -> str:
    """A label for people: NFC, every kind of space a plain one, no control or formatting characters, trimmed."""
    composed = unicodedata.normalize("NFC", text or "")
    spaced = "".join(" " if character.isspace() else character for character in composed)
    return "".join(c for c in spaced if unicodedata.category(c) not in UNSEEN).strip()


def _data(body: bytes) -> msgspec.Raw:
    try:
        envelope = msgspec.json.decode(body, type=_Envelope)
    except msgspec.ValidationError as error:
        raise SourceContract(f"the envelope is not SingStat's: {error}") from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise SourceMalformed(f"the body is no JSON ({error}): {body[:60]!r}") from error
    if envelope.StatusCode == 404:  # noqa: PLR2004
        raise TableNotFound("SingStat does not know this table")
    if envelope.StatusCode >= SERVER_ERRORS:
        raise SourceUnavailable(f"SingStat says {envelope.StatusCode} inside a 200")
    if envelope.StatusCode != 200:  # noqa: PLR2004
        raise SourceContract(f"SingStat says {envelope.StatusCode} inside a 200: {bytes(envelope.Data)[:200]!r}")
    return envelope.Data


def _decode(data: msgspec.Raw, shape: type[Any]) -> Any:
    try:
        return msgspec.json.decode(data, type=shape)
    except msgspec.ValidationError as error:
        raise SourceContract(str(error).replace("$", "$.Data", 1)) from error
    except RecursionError as error:
        raise SourceMalformed("the body is nested without end") from error


def _frequency(records: Records) -> Frequency:
    if records.frequency is None and records.table_type is not None:
        return "cross_sectional"
    if records.frequency not in FREQUENCIES:
        raise SourceContract(f"the frequency {records.frequency!r} is not known")
    return FREQUENCIES[records.frequency]


def _day(text: str) -> date:
    try:
        return datetime.strptime(text, "%d/%m/%Y").date()  # noqa: DTZ007 - a day in Singapore, without a time
    except ValueError as error:
        raise SourceContract(f"dataLastUpdated {text[:20]!r} is no DD/MM/YYYY") from error
