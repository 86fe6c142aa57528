"""SingStat's response bodies as typed structs. Unused fields are ignored; the fields in use must have known types."""

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
OK, NOT_FOUND, SERVER_ERRORS = 200, 404, 500
NO_RECORDS = b'"'  # with no match, `Data` is the string "No records found"
INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})  # Unicode categories: control, format and unassigned characters
FREQUENCIES: dict[str, Frequency] = {
    "Monthly": "monthly",
    "Quarterly": "quarterly",
    "Half-Yearly": "half_yearly",
    "Annual": "yearly",
    "Quinquennial": "yearly",
}


class Column(Struct):
    """A cell (`key`, `value`) or, in a cross-sectional table, a group of columns (`key`, `columns`)."""

    key: str
    value: str | None = None
    columns: list["Column"] | None = None


class Row(Struct, rename={"series": "rowText", "time_series_no": "seriesNo", "row_no": "rowNo", "unit": "uoM"}):
    """A series of a time series table (`time_series_no`) or a row of a cross-sectional table (`row_no`)."""

    series: str
    time_series_no: str | None = None
    row_no: str | None = None
    unit: str | None = None
    footnote: str | None = None
    columns: list[Column] = field(default_factory=list)

    @property
    def series_no(self) -> str:
        """The number of the series or row. Raises `SourceContract` if it has none."""
        number = self.time_series_no or self.row_no
        if number is None:
            raise SourceContract(f"the row {self.series[:40]!r} has neither seriesNo nor rowNo")
        return number

    def cells(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """Each cell as (column keys from the outermost to the innermost, text).

        Raises `SourceContract` if a column has neither value nor columns, or is nested deeper than five levels.
        """
        return _cells(self.columns, (), f"row {self.series_no}")


def _cells(columns: list[Column], outer: tuple[str, ...], where: str) -> Iterator[tuple[tuple[str, ...], str]]:
    for number, column in enumerate(columns):
        path, place = (*outer, column.key), f"{where}.columns[{number}]"
        if len(path) > MAX_COLUMN_LEVELS:
            raise SourceContract(f"{place} is nested deeper than {MAX_COLUMN_LEVELS} levels")
        if column.columns is not None:
            yield from _cells(column.columns, path, place)
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
        "time_series_agency": "datasource",
    },
):
    """A table: `Data.records` of `GET /metadata/{id}` and `Data` of `GET /tabledata/{id}`."""

    id: str
    title: str
    updated: str
    frequency: str | None = None
    table_type: str | None = None
    theme: str | None = None
    subject: str | None = None
    topic: str | None = None
    agency: str | None = None
    time_series_agency: str | None = None
    footnote: str | None = None
    limit: str | None = None
    total: int | None = None
    row: list[Row] = field(default_factory=list)


class Header(Struct, frozen=True, kw_only=True):
    """A table's metadata. `total` is its number of cells; SingStat reports none for cross-sectional tables."""

    table_id: str
    title: str
    frequency: Frequency
    vintage: date
    theme: str = ""
    subject: str = ""
    topic: str = ""
    source_agency: str = ""
    footnote: str = ""
    total: int | None


class Page(Struct, frozen=True):
    """One page of a table. `limit` is the maximum number of cells per page, as the server reports it."""

    vintage: date | None
    limit: int | None
    rows: list[Row]


class SearchResult(Struct, frozen=True, rename={"table_type": "tableType"}):
    """A table that `GET /resourceid` lists. `table_type` is `TS` (time series) or `CT` (cross-sectional)."""

    id: str
    title: str
    table_type: str = ""


class _Search(Struct):
    records: list[SearchResult] = field(default_factory=list)


class _Metadata(Struct):
    records: Records


class _Envelope(Struct):
    Data: msgspec.Raw
    StatusCode: int = OK
    Message: str | None = None


def read_metadata(body: bytes) -> Header:
    """The header in a response of `GET /metadata/{id}`.

    Raises `SourceMalformed` if the body is not JSON, `SourceContract` if its shape is unknown, `TableNotFound` and
    `SourceUnavailable` if its `StatusCode` is 404 or 5xx.
    """
    records = _decode(_data(body), _Metadata).records
    return Header(
        table_id=records.id,
        title=label(records.title),
        frequency=_frequency(records),
        vintage=_vintage(records.updated),
        theme=label(records.theme),
        subject=label(records.subject),
        topic=label(records.topic),
        source_agency=label(records.agency or records.time_series_agency),
        footnote=label(records.footnote),
        total=records.total,
    )


def read_page(body: bytes) -> Page:
    """The page in a response of `GET /tabledata/{id}`; without rows for "No records found".

    Raises `SourceMalformed`, `SourceContract`, `TableNotFound` or `SourceUnavailable` as `read_metadata` does.
    """
    data = _data(body)
    if bytes(data).startswith(NO_RECORDS):
        return Page(vintage=None, limit=None, rows=[])
    records = _decode(data, Records)
    limit = int(records.limit) if records.limit and records.limit.isdecimal() else None
    return Page(vintage=_vintage(records.updated), limit=limit or None, rows=records.row)


def read_search(body: bytes) -> list[SearchResult]:
    """The tables in a response of `GET /resourceid`, possibly none.

    Raises `SourceMalformed`, `SourceContract`, `TableNotFound` or `SourceUnavailable` as `read_metadata` does.
    """
    data = _data(body)
    if bytes(data).startswith(NO_RECORDS):
        return []
    results: list[SearchResult] = _decode(data, _Search).records
    return results


@lru_cache(maxsize=4096)
def label(text: str | None) -> str:
    """A label for display: in NFC, each white space character as a space, no invisible characters, stripped."""
    composed = unicodedata.normalize("NFC", text or "")
    spaced = "".join(" " if character.isspace() else character for character in composed)
    return "".join(c for c in spaced if unicodedata.category(c) not in INVISIBLE).strip()


def _data(body: bytes) -> msgspec.Raw:
    try:
        envelope = msgspec.json.decode(body, type=_Envelope)
    except msgspec.ValidationError as error:
        raise SourceContract(f"the envelope has an unknown shape ({error}): {body[:60]!r}") from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise SourceMalformed(f"the body is not JSON ({error}): {body[:60]!r}") from error
    if envelope.StatusCode == NOT_FOUND:
        raise TableNotFound("SingStat has no such table (StatusCode 404)")
    if envelope.StatusCode >= SERVER_ERRORS:
        raise SourceUnavailable(f"SingStat answered HTTP 200 with StatusCode {envelope.StatusCode}")
    if envelope.StatusCode != OK:
        data = bytes(envelope.Data)[:200]
        raise SourceContract(f"SingStat answered HTTP 200 with StatusCode {envelope.StatusCode}: {data!r}")
    return envelope.Data


def _decode(data: msgspec.Raw, shape: type[Any]) -> Any:
    try:
        return msgspec.json.decode(data, type=shape)
    except msgspec.ValidationError as error:
        raise SourceContract(str(error).replace("$", "$.Data", 1)) from error
    except RecursionError as error:
        raise SourceMalformed(f"the body is nested too deeply: {bytes(data)[:60]!r}") from error


def _frequency(records: Records) -> Frequency:
    if records.frequency is None and records.table_type is not None:
        return "cross_sectional"
    if records.frequency not in FREQUENCIES:
        raise SourceContract(f"{records.frequency!r} is not a known frequency")
    return FREQUENCIES[records.frequency]


def _vintage(text: str) -> date:
    try:
        return datetime.strptime(text, "%d/%m/%Y").date()  # noqa: DTZ007 - a date in Singapore without a time
    except ValueError as error:
        raise SourceContract(f"dataLastUpdated {text[:20]!r} is not DD/MM/YYYY") from error
