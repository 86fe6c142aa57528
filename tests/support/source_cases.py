"""What SingStat may do wrong, and how the table ends: each case is one synthetic table in a run of all of them."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

from local.replay.recordings import Row, Table
from local.replay.rules import Answer
from tests.support.misbehaviour import (
    Fault,
    body,
    both,
    data,
    envelope,
    fields,
    hang_up,
    in_turn,
    no_records,
    on_data,
    on_first_page,
    on_later_pages,
    on_metadata,
    once,
    replacing,
    status,
)
from tests.support.samples import cells, cross_section, months, quarters, time_series

FIRST, SECOND = "01/02/2026", "01/03/2026"
CAP = 10
"""Cells on a page, so that each of these small tables has more than one."""

PUBLISHED = "published"
ODD_IS = ("SourceContract", "SourceInconsistent")

Wrong = Callable[[Table], None]


@dataclass(frozen=True)
class Case:
    """One table: what it is, what goes wrong with its second edition, and how that ends.

    `fault` is what SingStat's server does, `wrong` what is odd in the table itself. `ends` names the outcome, or the
    outcomes that are equally right. `requests` bounds the calls of tabledata.
    """

    ends: tuple[str, ...]
    fault: Fault | None = None
    wrong: Wrong | None = None
    make: Callable[[str], Table] = field(default=lambda table_id: quarterly(table_id))  # noqa: PLW0108 - defined below
    requests: int = 1000

    @property
    def is_published(self) -> bool:
        return self.ends == (PUBLISHED,)


def quarterly(table_id: str) -> Table:
    """16 cells on two pages."""
    rows = [
        Row(n, text, "Index", "", cells(quarters(2024, 8), map(str, range(start, start + 8))))
        for n, text, start in (("1", "First", 100), ("2", "Second", 200))
    ]
    return dated(time_series(table_id, f"Synthetic Table {table_id}", "Quarterly", rows))


def half_yearly(table_id: str) -> Table:
    rows = [
        Row(
            "1",
            "First",
            "Index",
            "",
            cells([f"{2015 + n // 2} {n % 2 + 1}H" for n in range(16)], map(str, range(100, 116))),
        )
    ]
    return dated(time_series(table_id, f"Synthetic Table {table_id}", "Half-Yearly", rows))


def monthly(table_id: str) -> Table:
    rows = [Row("1", "First", "Index", "", cells(months(2024, 16), map(str, range(100, 116))))]
    return dated(time_series(table_id, f"Synthetic Table {table_id}", "Monthly", rows))


def annual(table_id: str) -> Table:
    rows = [Row("1", "First", "Index", "", cells(map(str, range(2005, 2021)), map(str, range(100, 116))))]
    return dated(time_series(table_id, f"Synthetic Table {table_id}", "Annual", rows))


def cross(table_id: str) -> Table:
    """20 cells in four rows."""
    keys = ("Total", "Males", "Females", "Young", "Old")
    rows = [
        Row(str(n), f"Row {n}", "Persons", "", cells(keys, [str(100 * n + k) for k in range(5)])) for n in range(1, 5)
    ]
    return dated(cross_section(table_id, f"Synthetic Table {table_id}", rows))


def half_empty(table_id: str) -> Table:
    """40 cells, every second one an empty text."""
    keys = [f"Column {n}" for n in range(10)]
    rows = [
        Row(str(n), f"Row {n}", "Persons", "", cells(keys, ["" if k % 2 else str(10 * n + k) for k in range(10)]))
        for n in range(1, 5)
    ]
    return dated(cross_section(table_id, f"Synthetic Table {table_id}", rows))


def dated(table: Table) -> Table:
    table.header["dataLastUpdated"] = table.header["dateGenerated"] = FIRST
    return table


def second_edition(table: Table) -> Table:
    """The next vintage: the first cell changed, all others as before."""
    later = deepcopy(table)
    later.header["dataLastUpdated"] = later.header["dateGenerated"] = SECOND
    later.rows[0].columns[0]["value"] = "77"
    return later


# What is odd in the table itself.


def first_cell(value: Any) -> Wrong:
    def wrong(table: Table) -> None:
        table.rows[0].columns[1]["value"] = value

    return wrong


def key(text: Any) -> Wrong:
    def wrong(table: Table) -> None:
        table.rows[0].columns[-1]["key"] = text

    return wrong


def label(text: str) -> Wrong:
    def wrong(table: Table) -> None:
        table.rows[0].text = text

    return wrong


def header(**values: Any) -> Wrong:
    return lambda table: table.header.update(values)


def twice(key_text: str, value: str) -> Wrong:
    """One more cell in the first series."""
    return lambda table: table.rows[0].columns.append({"key": key_text, "value": value})


def another_row(number: str, text: str, start: int) -> Wrong:
    def wrong(table: Table) -> None:
        keys = [column["key"] for column in table.rows[0].columns]
        table.rows.append(Row(number, text, "Index", "", cells(keys, map(str, range(start, start + len(keys))))))

    return wrong


def rename(old: str, new: str) -> Wrong:
    """Rename a column of every row."""

    def wrong(table: Table) -> None:
        for row in table.rows:
            for column in row.columns:
                if column["key"] == old:
                    column["key"] = new

    return wrong


def shrunk(table: Table) -> None:
    table.rows[1:] = []
    table.rows[0].columns[1:] = []


def all_new_values(table: Table) -> None:
    for row in table.rows:
        for column in row.columns:
            column["value"] = f"9{column['value']}"


def nested(table: Table) -> None:
    table.rows[0].columns[0] = {"key": "2024 1Q", "columns": [{"key": "Inner", "value": "1"}]}


def six_levels(table: Table) -> None:
    column: dict[str, Any] = {"key": "6", "value": "1"}
    for level in "54321":
        column = {"key": level, "columns": [column]}
    table.rows[0].columns[0] = column


# What the server does.


def ends_with(answer: Fault) -> Fault:
    """`answer` in place of the empty page that follows the last one."""

    def fault(request: Any, right: Answer, n: int) -> Answer:
        page = json.loads(right.body)["Data"]
        is_end = isinstance(page, dict) and not any(row["columns"] for row in page["row"])
        return answer(request, right, n) if is_end else right

    return on_data(fault)


def bare(_: Any) -> Any:
    return {"Data": {"row": []}, "DataCount": 1, "StatusCode": 200, "Message": ""}


def without_text(**value: Any) -> Fault:
    """All rows again, their cells as `value`: `{"value": None}`, or nothing but the key."""

    def change(page: dict[str, Any]) -> None:
        page["row"] = [
            {
                "rowNo": str(n),
                "rowText": f"Row {n}",
                "uoM": "Persons",
                "footnote": "",
                "columns": [{"key": name, **value} for name in ("Total", "Males", "Females", "Young", "Old")],
            }
            for n in range(1, 5)
        ]

    return data(change)


def rows_without_cells(page: dict[str, Any]) -> None:
    page["row"] = [
        {"rowNo": str(n), "rowText": f"Row {n}", "uoM": "", "footnote": "", "columns": []} for n in range(1, 5)
    ]


def no_rows(page: dict[str, Any]) -> None:
    page["row"] = []


ENDS: dict[str, Fault] = {
    "no records found": envelope(no_records),
    "bare envelope": envelope(bare),
    "row without header": data(lambda page: {"row": [], "limit": page["limit"]}),
    "null values": without_text(value=None),
    "keys without value": without_text(),
    "rows without cells": data(rows_without_cells),
    "no rows": data(no_rows),
}


def endless(request: Any, right: Answer, n: int) -> Answer:
    """Every page is full of cells that were never sent before."""

    def change(page: dict[str, Any]) -> None:
        start = 1000 + int(request.parameter("offset") or 0)
        page["row"] = [
            {
                "seriesNo": str(start + k),
                "rowText": "More",
                "uoM": "",
                "footnote": "",
                "columns": [{"key": "2024 1Q", "value": "1"}],
            }
            for k in range(CAP)
        ]

    return data(change)(request, right, n)


def first_page_again() -> Fault:
    """The offset is ignored."""
    first: list[Answer] = []

    def fault(request: Any, right: Answer, _: int) -> Answer:
        if not request.parameter("offset"):
            first[:] = [right]
        return first[0]

    return on_data(fault)


def republished(*days: str) -> Fault:
    """Every later page is of another day, in turn; after the last, all is right."""
    left = list(days)

    def fault(request: Any, right: Answer, n: int) -> Answer:
        return fields(dataLastUpdated=left.pop(0))(request, right, n) if left else right

    return on_later_pages(fault)


def always_republished(request: Any, right: Answer, n: int) -> Answer:
    return fields(dataLastUpdated=f"{n % 27 + 1:02}/04/2026")(request, right, n)


def one_cell_less(page: dict[str, Any]) -> None:
    page["row"][0]["columns"].pop()


def one_cell_more(page: dict[str, Any]) -> None:
    page["row"][0]["columns"].append({"key": "2019 1Q", "value": "1"})


def half(whole: bytes) -> bytes:
    return whole[: len(whole) // 2]


def problem(code: int) -> Fault:
    details = {"type": "about:blank", "title": "One or more validation errors occurred.", "status": code, "errors": {}}
    return envelope(lambda _: {"Data": details, "DataCount": 1, "StatusCode": code, "Message": ""})


def too_long(whole: bytes) -> bytes:
    return whole + b" " * (65 << 20)


def column(change: Callable[[dict[str, Any]], Any]) -> Fault:
    """Change the first cell of a page."""
    return row(lambda one: change(one["columns"][0]))


def row(change: Callable[[dict[str, Any]], Any]) -> Fault:
    """Change the first row of a page."""

    def first(page: dict[str, Any]) -> None:
        change(page["row"][0])

    return on_first_page(data(first))


def content(change: Callable[[bytes], bytes], **headers: str) -> Fault:
    return on_data(body(change, **headers))


PUBLISHED_ALL_THE_SAME = {
    "429 once": Case((PUBLISHED,), on_data(once(status(429)))),
    "429 twice on metadata": Case((PUBLISHED,), on_metadata(in_turn(status(429), status(429)))),
    "429 with seconds": Case((PUBLISHED,), on_data(once(status(429, Retry_After="1")))),
    "429 with a date": Case((PUBLISHED,), on_data(once(status(429, Retry_After="Sun, 01 Feb 2026 00:00:00 GMT")))),
    "429 with a fraction": Case((PUBLISHED,), on_data(once(status(429, Retry_After="0.5")))),
    "429 with a negative number": Case((PUBLISHED,), on_data(once(status(429, Retry_After="-5")))),
    "429 with a word": Case((PUBLISHED,), on_data(once(status(429, Retry_After="soon")))),
    "429 with nothing": Case((PUBLISHED,), on_data(once(status(429, Retry_After="")))),
    "503 with a fraction": Case((PUBLISHED,), on_metadata(once(status(503, Retry_After="0.2")))),
    "408, 425, 500 in turn": Case((PUBLISHED,), on_data(in_turn(status(408), status(425), status(500)))),
    "500, 502, 503, 504 in turn": Case((PUBLISHED,), on_data(in_turn(*map(status, (500, 502, 503, 504))))),
    "502 in HTML": Case((PUBLISHED,), on_data(once(status(502, b"<html>maintenance</html>")))),
    "520": Case((PUBLISHED,), on_data(once(status(520)))),
    "connection reset once": Case((PUBLISHED,), on_data(once(hang_up))),
    "connection reset on a later page": Case((PUBLISHED,), on_later_pages(lambda r, a, n: hang_up() if n == 1 else a)),
    "body cut once": Case((PUBLISHED,), on_data(once(body(bytes, Content_Length="9999", Connection="close")))),
    "gzip broken once": Case((PUBLISHED,), on_data(once(body(bytes, Content_Encoding="gzip")))),
    "republished once": Case((PUBLISHED,), republished("15/02/2026")),
    "republished twice": Case((PUBLISHED,), republished("15/02/2026", "16/02/2026")),
    "unknown fields": Case(
        (PUBLISHED,),
        on_first_page(both(fields(somethingNew={"a": [1]}), data(lambda page: page["row"][0].update(colour="red")))),
    ),
    "another order of fields": Case((PUBLISHED,), on_data(data(lambda page: dict(sorted(page.items(), reverse=True))))),
    "pretty-printed": Case((PUBLISHED,), content(lambda whole: json.dumps(json.loads(whole), indent=2).encode())),
    "escaped as ASCII": Case((PUBLISHED,), content(lambda whole: json.dumps(json.loads(whole)).encode())),
    "adjustmentType comes and goes": Case((PUBLISHED,), on_later_pages(fields(groupTitle="Now", adjustmentType="SA"))),
    "JSON in capitals": Case((PUBLISHED,), on_data(body(bytes, "Application/JSON"))),
    "a footnote absent from a later page": Case(
        (PUBLISHED,), on_later_pages(replacing('"footnote":""', '"footnote":null'))
    ),
    "a series renamed": Case((PUBLISHED,), wrong=label("A New Name")),
    "a series more": Case((PUBLISHED,), wrong=another_row("3", "Third", 300)),
    "number 1 and number 1.0": Case((PUBLISHED,), wrong=another_row("1.0", "Third", 300)),
    **{
        f"marker {text!r}": Case((PUBLISHED,), wrong=first_cell(text))
        for text in ("-", "na", "NA", "n.a.", "s", "..", "...")
    },
    **{
        f"number {text}": Case((PUBLISHED,), wrong=first_cell(text))
        for text in ("-0", "007", "0.000000000000000001", "1" * 20)
    },
    "label decomposed": Case((PUBLISHED,), wrong=label("Cafe\u0301")),
    "label with zero width": Case((PUBLISHED,), wrong=label("Fi\u200brst")),
    "label from right to left": Case((PUBLISHED,), wrong=label("\u202eFirst")),
    "label with NUL": Case((PUBLISHED,), wrong=label("Fi\x00rst")),
    "label with emoji": Case((PUBLISHED,), wrong=label("First \U0001f600")),
    "label of script": Case((PUBLISHED,), wrong=label("<script>alert(1)</script>")),
    "label of a formula": Case((PUBLISHED,), wrong=label("=1+1")),
    "label of SQL": Case((PUBLISHED,), wrong=label("'; DROP TABLE quarterly; --")),
    "halves in another spelling": Case((PUBLISHED,), wrong=key("2022 H2"), make=half_yearly),
    "a half in two spellings, one value": Case((PUBLISHED,), wrong=twice("2015 H2", "101"), make=half_yearly),
    "half of the cells empty": Case((PUBLISHED,), make=half_empty, requests=5),
    **{
        f"ends with {name}": Case((PUBLISHED,), ends_with(fault), make=cross, requests=3)
        for name, fault in ENDS.items()
    },
}

MALFORMED = {
    "empty body": content(lambda _: b""),
    "white space": content(lambda _: b" \n"),
    "truncated JSON": content(half),
    "truncated JSON on a later page": on_later_pages(body(half)),
    "body shorter than its length": content(bytes, Content_Length="9999", Connection="close"),
    "gzip that is none": content(bytes, Content_Encoding="gzip"),
    "maintenance page": on_data(body(lambda _: b"<html>maintenance</html>", "text/html")),
    "maintenance page called JSON": content(lambda _: b"<html>maintenance</html>"),
    "maintenance page for metadata": on_metadata(body(lambda _: b"<html>maintenance</html>", "text/html")),
    "two documents": content(lambda whole: whole + whole),
    "a byte order mark": content(lambda whole: b"\xef\xbb\xbf" + whole),
    "UTF-16": content(lambda whole: whole.decode().encode("utf-16")),
    "NaN": on_first_page(replacing('"value":"77"', '"value":NaN')),
    "a comment": content(lambda whole: b"/* cached */" + whole),
    "nested too deeply": content(lambda _: b'{"Data":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "larger than 64 MiB": content(too_long),
    "Latin-1 label": on_first_page(replacing("First", b"Caf\xe9")),
    "Latin-1 title of metadata": on_metadata(replacing("Synthetic", b"Caf\xe9")),
    "half a character": on_first_page(replacing("First", b"\xe2\x82")),
    "overlong encoding": on_first_page(replacing("First", b"\xc0\xaf")),
    "a lone surrogate in bytes": on_first_page(replacing("First", b"\xed\xa0\x80")),
    "Latin-1 key": on_first_page(replacing("2024 1Q", b"2024 1Q\xe9", 1)),
    "value twice, no StatusCode": on_first_page(
        both(replacing('"value":"77"', '"value":"77","value":"666"'), replacing('"StatusCode":200,', ""))
    ),
    "value twice": on_first_page(replacing('"value":"77"', '"value":"77","value":"666"')),
    "key twice": on_first_page(replacing('"key":"2024 1Q"', '"key":"2024 1Q","key":"2020 1Q"')),
    "seriesNo twice": on_first_page(replacing('"seriesNo":"1"', '"seriesNo":"1","seriesNo":"9"')),
    "rowText twice": on_first_page(replacing('"rowText":"First"', '"rowText":"First","rowText":"Other"')),
    "uoM twice": on_first_page(replacing('"uoM":"Index"', '"uoM":"Index","uoM":"Million"')),
    "row twice": on_first_page(replacing('"row":[', '"row":[],"row":[')),
    "dataLastUpdated twice": on_first_page(
        replacing('"dataLastUpdated":"01/03/2026"', '"dataLastUpdated":"01/04/2026","dataLastUpdated":"01/03/2026"')
    ),
    "total twice": on_metadata(replacing('"total":', '"total":3,"total":')),
    "title twice": on_metadata(replacing('"title":', '"title":"Other","title":')),
}

CONTRACT = {
    "problem details": on_data(problem(400)),
    "problem details for metadata": on_metadata(problem(400)),
    "StatusCode 403 inside": on_data(envelope(lambda whole: whole | {"StatusCode": 403})),
    "another text for Data": on_later_pages(envelope(lambda whole: whole | {"Data": "Internal Server Error"})),
    "a value beside columns": column(lambda one: one.update(columns=[{"key": "Males", "value": "2"}])),
    "StatusCode as text": on_data(envelope(lambda whole: whole | {"StatusCode": "200"})),
    "a list at the top": on_data(envelope(lambda whole: [whole])),
    "null at the top": on_data(envelope(lambda _: 0)),
    "no Data": on_data(envelope(lambda whole: {"StatusCode": 200})),
    "Data null": on_data(envelope(lambda whole: whole | {"Data": None})),
    "Data a list": on_data(envelope(lambda whole: whole | {"Data": [whole["Data"]]})),
    "metadata without records": on_metadata(envelope(lambda whole: whole | {"Data": {}})),
    "metadata with records {}": on_metadata(envelope(lambda whole: whole | {"Data": {"records": {}}})),
    "metadata not found in words": on_metadata(envelope(no_records)),
    "total as text": on_metadata(fields(total="17")),
    "total with a fraction": on_metadata(fields(total=17.5)),
    "title null": on_metadata(fields(title=None)),
    "no title": on_metadata(fields(title=...)),
    "no id": on_metadata(fields(id=...)),
    "id as a number": on_data(fields(id=820000)),
    "no date": on_metadata(fields(dataLastUpdated=...)),
    "date null": on_data(fields(dataLastUpdated=None)),
    "ISO date": on_metadata(fields(dataLastUpdated="2026-03-01")),
    "31 February": on_metadata(fields(dataLastUpdated="31/02/2026")),
    "date of a page unreadable": on_data(fields(dataLastUpdated="soon")),
    "unknown frequency": on_metadata(fields(frequency="Weekly")),
    "frequency null": on_metadata(fields(frequency=None)),
    "rows as a dictionary": on_first_page(data(lambda page: page | {"row": {"1": page["row"][0]}})),
    "row null": on_data(fields(row=None)),
    "a row that is text": on_data(fields(row=["First"])),
    "columns as a dictionary": row(lambda one: one.update(columns={"2024 1Q": "1"})),
    "columns null": row(lambda one: one.update(columns=None)),
    "no rowText": row(lambda one: one.pop("rowText")),
    "no seriesNo": row(lambda one: one.pop("seriesNo")),
    "seriesNo as a number": row(lambda one: one.update(seriesNo=1.1)),
    "value as a number": column(lambda one: one.update(value=77)),
    "value true": column(lambda one: one.update(value=True)),
    "value a list": column(lambda one: one.update(value=["77"])),
    "no key": column(lambda one: one.pop("key")),
    "key as a number": column(lambda one: one.update(key=2024)),
}

ODD_TABLES = {
    "nested columns in a time series": (nested, quarterly),
    "six levels": (six_levels, cross),
    **{
        f"period {text!r}": (key(text), quarterly)
        for text in ("2025 5Q", "2025 Q4", "2025", "2025 4Q ", "2025 4Q (p)", "")
    },
    **{
        f"month {text!r}": (key(text), monthly)
        for text in ("Jan-25", "2025 jan", "2025-04", "2025M04", "2025 13", "2025 1Q")
    },
    **{f"half {text!r}": (key(text), half_yearly) for text in ("2022 3H", "1H 2022")},
    **{
        f"year {text!r}": (key(text), annual)
        for text in ("FY2020", "2019/20", "20", "\uff12\uff10\uff12\uff10", "0999")
    },
    **{
        f"value {text!r}": (first_cell(text), quarterly)
        for text in (
            "1,234.5",
            "(5.0)",
            "1e400",
            "NaN",
            "Infinity",
            "\uff11\uff12",
            "9" * 40,
            "5.1/",
            "+5",
            ".5",
            "5.",
            "0x1F",
            "1_000",
            "\u0663",
        )
    },
    "dated far in the future": (header(dataLastUpdated="23/09/9999"), quarterly),
    "dated next year": (header(dataLastUpdated="01/01/2099"), quarterly),
    "dated in year 1": (header(dataLastUpdated="01/01/0001"), quarterly),
    "dated in 1959": (header(dataLastUpdated="31/12/1959"), quarterly),
    "a title of 1 MB": (lambda table: table.header.update(title="T" * (1 << 20)), quarterly),
    "a footnote of 1 MB": (lambda table: table.header.update(footnote="F" * (1 << 20)), quarterly),
    "a label of 1 MB": (label("L" * (1 << 20)), quarterly),
    "a unit of 1 MB": (lambda table: setattr(table.rows[0], "unit", "U" * (1 << 20)), quarterly),
    "a footnote of a series of 1 MB": (lambda table: setattr(table.rows[0], "footnote", "F" * (1 << 20)), quarterly),
}

INCOMPLETE = {
    "a cell is missing": Case((), on_first_page(data(one_cell_less))),
    "a cell too many": Case((), on_first_page(data(one_cell_more))),
    "nothing at all": Case((), on_data(envelope(no_records))),
    "a total of nothing": Case((), both(on_metadata(fields(total=0)), on_data(data(no_rows)))),
    "pages without end": Case((), on_data(endless), requests=3),
    "the first page again and again": Case((), first_page_again(), requests=4),
    "no total, and short": Case((), both(on_metadata(fields(total=...)), on_later_pages(envelope(no_records)))),
    "total null, and short": Case((), both(on_metadata(fields(total=None)), on_later_pages(envelope(no_records)))),
    "a cross-section of fewer rows than listed": Case(
        (), on_data(data(lambda page: page.update(row=[r for r in page["row"] if r["rowNo"] in "12"]))), make=cross
    ),
    "a cross-section without its last row": Case(
        (), on_data(data(lambda page: page.update(row=[r for r in page["row"] if r["rowNo"] != "4"]))), make=cross
    ),
    **{
        f"{name} in the middle": Case(
            (),
            on_later_pages(fault),
            make=quarterly if name in ("no records found", "no rows", "bare envelope") else cross,
        )
        for name, fault in ENDS.items()
    },
}

INCONSISTENT = {
    "the metadata of another table": Case((), on_metadata(fields(id="M899999"))),
    "the page of another table": Case((), on_data(fields(id="M899999"))),
    "a later page of another table": Case((), on_later_pages(fields(id="M899999"))),
    "the page of another frequency": Case((), on_data(fields(frequency="Monthly"))),
    "republished all the time": Case((), on_later_pages(always_republished)),
    "a cell with two values": Case((), wrong=twice("2024 2Q", "666")),
    "a cell twice with one value": Case(
        (), on_first_page(data(lambda page: page["row"][0]["columns"].append(page["row"][0]["columns"][0])))
    ),
    "a cell with another value on a later page": Case(
        (), on_later_pages(data(lambda page: page["row"][0]["columns"].append({"key": "2024 2Q", "value": "666"})))
    ),
    "a half in two spellings, two values": Case((), wrong=twice("2015 H2", "666"), make=half_yearly),
    "two series with one number": Case((), wrong=another_row("1", "Another", 300)),
}

TWINS = {
    "columns that differ by a space": (rename("Females", "Males "), cross),
    "columns that differ by a no-break space": (rename("Females", "Males\u00a0"), cross),
    "columns that differ by a zero width": (rename("Females", "Males\u200b"), cross),
    "columns that differ by composition": (
        lambda table: (rename("Males", "é")(table), rename("Females", "e\u0301")(table)),
        cross,
    ),
    "columns that differ by a control character": (rename("Females", "Males\x07"), cross),
    "two rows with one number": (another_row("1", "Another", 300), cross),
}

REFUSED = {
    **{f"{code}": on_data(status(code)) for code in (400, 401, 403, 405, 406, 410, 413, 418, 451)},
    **{f"{code} on metadata": on_metadata(status(code)) for code in (400, 403)},
    **{f"{code} without content": on_data(status(code)) for code in (201, 202, 206)},
    "redirected to another host": on_data(status(302, Location="http://127.0.0.1:9/elsewhere")),
    "redirected to a file": on_data(status(301, Location="file:///etc/passwd")),
    "redirected to metadata of the machine": on_metadata(
        status(307, Location="http://169.254.169.254/latest/meta-data/")
    ),
    "redirected to itself": on_data(status(308, Location="/api/table/tabledata/M820000")),
}

UNAVAILABLE = {
    **{f"{code} each time": on_data(status(code)) for code in (408, 425, 500, 502, 503, 504, 599)},
    "503 on metadata each time": on_metadata(status(503)),
    "connection reset each time": on_data(hang_up),
    "StatusCode 503 inside": on_data(envelope(lambda whole: whole | {"StatusCode": 503})),
    "StatusCode 500 inside metadata": on_metadata(envelope(lambda whole: whole | {"StatusCode": 500})),
}

NOT_FOUND = {
    "404 on metadata": on_metadata(status(404)),
    "404 on a page": on_data(status(404)),
    "404 on a later page": on_later_pages(status(404)),
    "StatusCode 404 inside": on_data(envelope(lambda whole: whole | {"StatusCode": 404})),
}


def _cases() -> Iterator[tuple[str, Case]]:
    yield from PUBLISHED_ALL_THE_SAME.items()
    for ends, faults in (
        ("SourceMalformed", MALFORMED),
        ("SourceContract", CONTRACT),
        ("SourceRefused", REFUSED),
        ("SourceUnavailable", UNAVAILABLE),
        ("TableNotFound", NOT_FOUND),
    ):
        yield from ((name, Case((ends,), fault)) for name, fault in faults.items())
    for ends, cases in (("SourceIncomplete", INCOMPLETE), ("SourceInconsistent", INCONSISTENT)):
        yield from ((name, replace(case, ends=(ends,))) for name, case in cases.items())
    yield from ((name, Case(("SourceContract",), wrong=wrong, make=make)) for name, (wrong, make) in ODD_TABLES.items())
    yield from ((name, Case(ODD_IS, wrong=wrong, make=make)) for name, (wrong, make) in TWINS.items())
    yield "429 each time", Case(("SourceThrottled",), on_data(status(429)))
    yield "an older vintage", Case(("StaleVintage",), wrong=header(dataLastUpdated="31/01/2026"))
    yield "shrunk to a cell", Case(("ImplausibleChange",), wrong=shrunk)
    yield "all values changed", Case(("ImplausibleChange",), wrong=all_new_values)


CASES = dict(_cases())
IDS = {name: f"M{820000 + n}" for n, name in enumerate(CASES)}
