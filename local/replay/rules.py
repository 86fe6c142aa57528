"""The responses of the SingStat API for given tables: paging, filters, search and errors."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from email.message import Message
from http import HTTPStatus
from typing import Any

from local.replay.recordings import GENERATED_BY, GENERATED_ON, REQUEST_ECHO, Column, Row, Table, period_order

ROOT = "/api/table"
REFUSED_AGENTS = re.compile("python-requests|urllib|curl|java|okhttp|go-http-client|libwww", re.IGNORECASE)
SEARCHED_TEXTS: dict[str, Callable[[Table], list[str]]] = {
    "title": lambda table: [table.title],
    "variable": lambda table: [row.text for row in table.rows],
    "all": lambda table: [table.title, *(row.text for row in table.rows)],
}


@dataclass(frozen=True)
class Request:
    """A GET request: the full path, the query as sent, the headers (case-insensitive)."""

    path: str
    query: dict[str, str]
    headers: Message

    def parameter(self, name: str) -> str | None:
        """The value of a query parameter, None if absent. Names are case-insensitive, as in the API."""
        return next((value for key, value in self.query.items() if key.lower() == name.lower()), None)


@dataclass(frozen=True)
class Answer:
    """A response. `headers` are added to those of the server and override them, such as a wrong Content-Length.

    With a Content-Encoding among them, the body is sent as it is.
    """

    status: int
    body: bytes
    content_type: str = "application/json; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)


def respond(request: Request, tables: Mapping[str, Table], cells_per_page: int) -> Answer:
    """The response of the real API to this request if `tables` were all its tables."""
    agent = request.headers.get("User-Agent", "")
    if not agent or REFUSED_AGENTS.search(agent) or not request.headers.get("Accept"):
        return Answer(HTTPStatus.FORBIDDEN, b"<html><title>403 Forbidden</title></html>", "text/html")
    match request.path.removeprefix(ROOT).split("/"):
        case ["", "resourceid"]:
            return _search(request, tables)
        case ["", "tabledata", table_id] if table_id in tables:
            return _tabledata(request, tables[table_id], cells_per_page)
        case ["", "metadata", table_id] if table_id in tables:
            return _metadata(tables[table_id])
    return _envelope(None, count=0, status=HTTPStatus.NOT_FOUND)


def _envelope(data: object, count: int = 1, status: int = HTTPStatus.OK) -> Answer:
    body = {"Data": data, "DataCount": count, "StatusCode": int(status), "Message": ""}
    return Answer(int(status), json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())


def _bad_request(errors: dict[str, list[str]]) -> Answer:
    data = {
        "type": "https://tools.ietf.org/html/rfc9110#section-15.5.1",
        "title": "One or more validation errors occurred.",
        "status": int(HTTPStatus.BAD_REQUEST),
        "errors": errors,
        "traceId": "00-00000000000000000000000000000000-0000000000000000-00",
    }
    return _envelope(data, status=HTTPStatus.BAD_REQUEST)


def _tabledata(request: Request, table: Table, cells_per_page: int) -> Answer:
    """One page. `sortBy`, `between` and `search` are echoed like the other parameters, but not applied."""
    sent = {name: request.parameter(name) for name in REQUEST_ECHO}
    wrong = {
        name: [f"The value '{text}' is not valid."]
        for name, least in (("limit", 1), ("offset", 0))
        if (text := sent[name]) is not None and not (text.isascii() and text.isdigit() and int(text) >= least)
    }
    if wrong:
        return _bad_request(wrong)
    limit = min(int(sent["limit"] or cells_per_page), cells_per_page)
    chosen = table.rows
    if numbers := request.parameter("seriesNoORrowNo"):
        chosen = [row for row in chosen if row.number in _items(numbers)]
    if table.kind == "TS" and sent["timeFilter"]:
        periods = _items(sent["timeFilter"])
        chosen = [replace(row, columns=[cell for cell in row.columns if cell["key"] in periods]) for row in chosen]
    if table.rows and not any(row.columns for row in chosen):
        return _envelope("No records found", count=0)
    page = [
        {**_row_header(table, row), "columns": columns}
        for row, columns in _cut(table, chosen, int(sent["offset"] or 0), limit)
    ]
    return _envelope({**table.header, **sent, "limit": str(limit), "row": page})


def _items(comma_list: str) -> set[str]:
    return {item.strip() for item in comma_list.split(",")}


def _row_header(table: Table, row: Row) -> dict[str, str]:
    number = "seriesNo" if table.kind == "TS" else "rowNo"
    return {number: row.number, "rowText": row.text, "uoM": row.unit, "footnote": row.footnote}


def _size(table: Table, row: Row) -> int:
    # A series is flat: counting it without a walk keeps late pages of huge tables as cheap as the first.
    return len(row.columns) if table.kind == "TS" else _leaves(row.columns)


def _leaves(columns: Iterable[Column]) -> int:
    return sum(_leaves(column["columns"]) if "columns" in column else 1 for column in columns)


def _cut(table: Table, rows: Iterable[Row], skip: int, take: int) -> list[tuple[Row, list[Column]]]:
    """The rows with cells `skip` to `skip + take`, counted row by row; the first and last may be partial."""
    page = []
    for row in rows:
        size = _size(table, row)
        if skip < size and take > 0:
            columns = row.columns if not skip and size <= take else _cut_columns(row.columns, skip, take)
            page.append((row, columns))
            take -= min(size - skip, take)
        skip = max(skip - size, 0)
    return page


def _cut_columns(columns: Iterable[Column], skip: int, take: int) -> list[Column]:
    part: list[Column] = []
    for column in columns:
        inner = column.get("columns")
        size = 1 if inner is None else _leaves(inner)
        if skip < size and take > 0:
            part.append(column if inner is None else {**column, "columns": _cut_columns(inner, skip, take)})
            take -= min(size - skip, take)
        skip = max(skip - size, 0)
    return part


def _metadata(table: Table) -> Answer:
    records: dict[str, Any] = {
        "dataSource" if name == "datasource" else name: value
        for name, value in table.header.items()
        if name not in ("generatedBy", "dateGenerated")
    }
    if table.kind == "TS":
        periods = sorted({cell["key"] for row in table.rows for cell in row.columns}, key=period_order)
        records["startPeriod"], records["endPeriod"] = (periods[0], periods[-1]) if periods else (None, None)
        records["total"] = sum(_size(table, row) for row in table.rows)
    records["row"] = [_row_header(table, row) for row in table.rows]
    generated = {name: table.header[name] for name in ("generatedBy", "dateGenerated")}
    return _envelope({"records": records, **generated})


def _search(request: Request, tables: Mapping[str, Table]) -> Answer:
    keyword, option = request.parameter("keyword"), request.parameter("searchOption")
    if keyword is None or option not in SEARCHED_TEXTS:
        errors = {}
        if keyword is None:
            errors["keyword"] = ["The keyword field is required."]
        if option not in SEARCHED_TEXTS:
            errors["searchOption"] = ["The searchOption field is required: all, title or variable."]
        return _bad_request(errors)
    words = [] if keyword == "%" else keyword.lower().split()
    records = [
        {"id": table.id, "title": table.title, "tableType": table.kind}
        for table in tables.values()
        if any(all(word in text.lower() for word in words) for text in SEARCHED_TEXTS[option](table))
    ]
    found = {"generatedBy": GENERATED_BY, "dateGenerated": GENERATED_ON, "total": len(records), "records": records}
    return _envelope(found)
