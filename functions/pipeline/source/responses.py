"""Reads SingStat's response bodies: headers, pages and search results."""

import unicodedata
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType, field, structs

from pipeline.errors import SourceContract, SourceInconsistent, SourceMalformed, SourceUnavailable, TableNotFound
from pipeline.frequency import Frequency
from pipeline.source.layout import TAKEN, FlatColumns, learn, take_known
from pipeline.source.shapes import Column, Records, Row, SentRow
from pipeline.source.unique_keys import check_unique_keys, has_keys

OK, NOT_FOUND, SERVER_ERRORS = 200, 404, 500
NO_RECORDS = "no record"  # so begins `Data` if nothing matches: "No records found"
OLDEST = date(1960, 1, 1)
INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})  # Unicode categories: control, format and unassigned characters
FREQUENCIES: dict[str, Frequency] = {
    "Monthly": "monthly",
    "Quarterly": "quarterly",
    "Half-Yearly": "half_yearly",
    "Annual": "yearly",
    "Quinquennial": "yearly",
}


class Header(Struct, frozen=True, kw_only=True):
    """A table's metadata. `total` is its number of cells; SingStat reports none for cross-sectional tables.

    `rows` are the numbers of the rows that the metadata of a table without a total list.
    """

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
    rows: list[str] = field(default_factory=list)


class Page(Struct, frozen=True):
    """One page of a table; without rows, the end of the table. `limit` is the maximum number of cells per page.

    The other fields are what the page says about the table, None where it says nothing.
    """

    vintage: date | None = None
    limit: int | None = None
    rows: list[Row] = field(default_factory=list)
    table_id: str | None = None
    frequency: Frequency | None = None


class SearchResult(Struct, frozen=True, rename={"table_type": "tableType"}):
    """A table that `GET /resourceid` lists. `table_type` is `TS` (time series) or `CT` (cross-sectional)."""

    id: str
    title: str
    table_type: str = ""


class _Search(Struct):
    records: list[SearchResult] = field(default_factory=list)
    total: int | None = None


class _Metadata(Struct):
    records: Records


class _Envelope(Struct):
    Data: Any
    StatusCode: int | UnsetType = UNSET
    Message: Any = UNSET
    DataCount: Any = UNSET

    @property
    def status(self) -> int:
        return OK if self.StatusCode is UNSET else self.StatusCode


class _AnyEnvelope(_Envelope):
    Data: msgspec.Raw


class _PageEnvelope(_Envelope):
    Data: Records


def read_metadata(body: bytes) -> Header:
    """The header in a response of `GET /metadata/{id}`.

    Raises `SourceMalformed` if the body is not JSON in UTF-8 or an object in it has a key twice, `SourceContract` if
    its shape is unknown or a text too long, `TableNotFound` and `SourceUnavailable` for `StatusCode` 404 and 5xx.
    """
    records = _decode(_open(body).Data, _Metadata).records
    check_unique_keys(body)
    if not (records.id and records.title and records.updated):
        raise SourceContract("$.Data.records lacks id, title or dataLastUpdated")
    total = None if records.total is UNSET else records.total
    return Header(
        table_id=records.id,
        title=label(records.title),
        frequency=_frequency(records),
        vintage=_vintage(records.updated),
        theme=label(records.theme or ""),
        subject=label(records.subject or ""),
        topic=label(records.topic or ""),
        source_agency=label(records.agency or records.time_series_agency or ""),
        footnote=label(records.footnote or ""),
        total=total,
        rows=[label(row.series_no) for row in records.row or []] if total is None else [],
    )


def read_page(body: bytes) -> Page:
    """The page in a response of `GET /tabledata/{id}`.

    It has no rows if the body says "No records found", or lists no rows or only cells without a value: so tables end.
    Raises `SourceInconsistent` if a row is listed twice, and `SourceMalformed`, `SourceContract`, `TableNotFound` or
    `SourceUnavailable` as `read_metadata` does.
    """
    found = _read_known_page(body) or _read_any_page(body)
    if found is None:
        return Page()
    records, rows = found
    if not any(_has_value(row.columns) for row in rows):
        rows = []
    if rows and not (records.id and records.updated):
        raise SourceContract("$.Data lacks id or dataLastUpdated")
    numbers = [row.series_no for row in rows]
    if len(set(numbers)) < len(numbers):
        twice = next(number for n, number in enumerate(numbers) if number in numbers[:n])
        raise SourceInconsistent(f"a page lists row {twice[:40]!r} twice")
    limit = int(records.limit) if records.limit and records.limit.isdecimal() else None
    return Page(
        vintage=_vintage(records.updated) if records.updated else None,
        limit=limit or None,
        rows=rows,
        table_id=records.id or None,
        frequency=_frequency(records) if rows else None,
    )


def read_search(body: bytes) -> list[SearchResult]:
    """The tables in a response of `GET /resourceid`, possibly none.

    Raises `SourceMalformed`, `SourceContract` (also if they are not as many as the response says), `TableNotFound` or
    `SourceUnavailable` as `read_metadata` does.
    """
    data = _open(body).Data
    if _says_nothing(data):
        return []
    search: _Search = _decode(data, _Search)
    check_unique_keys(body)
    if search.total not in (None, len(search.records)):
        raise SourceContract(f"the search lists {len(search.records)} of {search.total} tables")
    return search.records


def check_update(vintage: date, today: date) -> None:
    """Raises `SourceContract` for a `dataLastUpdated` before 1960 or after tomorrow; `today` is the date in Singapore.

    A vintage of the far future would make every later one stale.
    """
    if not OLDEST <= vintage <= today + timedelta(days=1):
        raise SourceContract(f"dataLastUpdated {vintage:%d/%m/%Y} is not between 1960 and tomorrow")


@lru_cache(maxsize=4096)
def label(text: str | None) -> str:
    """A label for display: in NFC, each white space character as a space, no invisible characters, stripped."""
    if text is None or (text.isascii() and text.isprintable()):
        return (text or "").strip()
    spaced = "".join(" " if character.isspace() else character for character in text)
    visible = "".join(character for character in spaced if unicodedata.category(character) not in INVISIBLE)
    return unicodedata.normalize("NFC", visible).strip()


def _open(body: bytes) -> _AnyEnvelope:
    try:
        body.decode()
        envelope = msgspec.json.decode(body, type=_AnyEnvelope)
    except msgspec.ValidationError as error:
        raise SourceContract(f"the envelope has an unknown shape ({error}): {body[:60]!r}") from error
    except UnicodeDecodeError as error:
        raise SourceMalformed(f"the body is not UTF-8: byte {body[error.start]:02X} at {error.start}") from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise SourceMalformed(f"the body is not JSON ({error}): {body[:60]!r}") from error
    status = envelope.status
    if status == NOT_FOUND:
        raise TableNotFound("SingStat has no such table (StatusCode 404)")
    if status >= SERVER_ERRORS:
        raise SourceUnavailable(f"SingStat answered HTTP 200 with StatusCode {status}")
    if status != OK:
        data = bytes(envelope.Data)[:200]
        raise SourceContract(f"SingStat answered HTTP 200 with StatusCode {status}: {data!r}")
    return envelope


def _read_known_page(body: bytes) -> tuple[Records, list[Row]] | None:
    """A page without parsing the columns that are known; None if anything about it is odd."""
    with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        rest, known = take_known(body)
        rest.decode()
        page = msgspec.json.decode(rest, type=_PageEnvelope)
        sent = page.Data.row
        if page.status == OK and isinstance(sent, list) and sum(map(_is_taken, sent)) == len(known):
            taken = iter(known)
            rows = [
                _row(row, next(taken) if _is_taken(row) else _columns(number, row)) for number, row in enumerate(sent)
            ]
            keys, texts = _keys(page, rows)
            if has_keys(rest, keys - 2 * sum(map(len, known)), texts):
                return page.Data, rows
    return None


def _read_any_page(body: bytes) -> tuple[Records, list[Row]] | None:
    """A page, or what is wrong with it; None if it has no records."""
    envelope = _open(body)
    if _says_nothing(envelope.Data):
        return None
    records: Records = _decode(envelope.Data, Records)
    if not isinstance(records.row, list):
        raise SourceContract("$.Data lacks row")
    rows = [_row(row, _columns(number, row)) for number, row in enumerate(records.row)]
    page = _PageEnvelope(records, envelope.StatusCode, envelope.Message, envelope.DataCount)
    if not has_keys(body, *_keys(page, rows)):
        check_unique_keys(body)
    return records, rows


def _says_nothing(data: msgspec.Raw) -> bool:
    return bytes(data).startswith(b'"') and msgspec.json.decode(data).strip().casefold().startswith(NO_RECORDS)


def _is_taken(row: SentRow) -> bool:
    return row.columns is not UNSET and bytes(row.columns) == TAKEN


def _columns(number: int, row: SentRow) -> Sequence[Column]:
    if row.columns is UNSET:
        return []
    return learn(row.columns, _decode(row.columns, list[Column], f"$.Data.row[{number}].columns"))


def _row(sent: SentRow, columns: Sequence[Column]) -> Row:
    time_series_no, row_no = (number and label(number) for number in (sent.time_series_no, sent.row_no))
    return Row(sent.series, time_series_no, row_no, sent.unit, sent.footnote, columns)


def _decode(data: msgspec.Raw, shape: type[Any], where: str = "$.Data") -> Any:
    try:
        return msgspec.json.decode(data, type=shape)
    except msgspec.ValidationError as error:
        cause = str(error) if "$" in str(error) else f"{error} - at `$`"  # which msgspec leaves out
        raise SourceContract(cause.replace("$", where, 1)) from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise SourceMalformed(f"the body is not JSON ({error}): {bytes(data)[:60]!r}") from error


def _keys(envelope: _PageEnvelope, rows: list[Row]) -> tuple[int, Iterable[str]]:
    """The number of keys in a page as far as they are known, and the texts in it that may contain a colon."""
    header = (*structs.astuple(envelope), *structs.astuple(envelope.Data))
    keys = sum(value is not UNSET for value in header)
    keys += sum(sent.columns is not UNSET for sent in envelope.Data.row or ())
    texts = [value for value in header if isinstance(value, str)]
    for row in rows:
        numbers = (row.time_series_no is not None) + (row.row_no is not None)
        keys += 1 + numbers + (row.unit is not None) + (row.footnote is not None) + _column_keys(row.columns)
        texts += (row.series, row.unit or "", row.footnote or "")
    return keys, texts


def _column_keys(columns: Sequence[Column]) -> int:
    if isinstance(columns, FlatColumns):
        return 2 * len(columns)
    nested = [each.columns for each in columns if each.columns is not None]
    values = sum(each.value is not None for each in columns)
    return len(columns) + values + len(nested) + sum(map(_column_keys, nested))


def _has_value(columns: Sequence[Column]) -> bool:
    return any(column.value is not None or _has_value(column.columns or []) for column in columns)


def _frequency(records: Records) -> Frequency:
    frequency = records.frequency or ""
    if not frequency and records.table_type:
        return "cross_sectional"
    if frequency not in FREQUENCIES:
        raise SourceContract(f"{frequency[:40]!r} is not a known frequency")
    return FREQUENCIES[frequency]


def _vintage(text: str) -> date:
    try:
        return datetime.strptime(text, "%d/%m/%Y").date()  # noqa: DTZ007 - a date in Singapore without a time
    except ValueError as error:
        raise SourceContract(f"dataLastUpdated {text[:20]!r} is not DD/MM/YYYY") from error
