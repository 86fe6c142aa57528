"""Periods, values, labels, headers and pages as SingStat sends them, and every malformed response."""

import json
from contextlib import nullcontext, suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pipeline.errors import (
    SourceContract,
    SourceError,
    SourceInconsistent,
    SourceMalformed,
    SourceRefused,
    SourceUnavailable,
    TableNotFound,
)
from pipeline.source import responses
from pipeline.source.client import USER_AGENT, SingStat
from pipeline.source.responses import check_update, label, read_metadata, read_page, read_search
from pipeline.source.unique_keys import has_keys
from pipeline.table.periods import period_start
from pipeline.table.values import Meaning, read_value

from local.replay.server import Replay

RESPONSES = Path(__file__).parents[2] / "local" / "replay" / "recordings" / "responses"


@pytest.mark.parametrize(
    ("key", "frequency", "expected"),
    [
        ("1961 Jan", "monthly", "1961-01-01"),
        ("2026 Dec", "monthly", "2026-12-01"),
        ("1975 1Q", "quarterly", "1975-01-01"),
        ("2026 4Q", "quarterly", "2026-10-01"),
        ("2018 1H", "half_yearly", "2018-01-01"),
        ("2019 H2", "half_yearly", "2019-07-01"),
        ("2020", "yearly", "2020-01-01"),
    ],
)
def test_period(key, frequency, expected):
    assert period_start(key, frequency) == expected


@pytest.mark.parametrize(
    ("key", "frequency"),
    [
        ("Jan-25", "monthly"),
        ("2025 jan", "monthly"),
        ("2025 1Q", "monthly"),
        ("2025 5Q", "quarterly"),
        ("2025 3H", "half_yearly"),
        ("\uff12\uff10\uff12\uff10", "yearly"),
        ("2020 ", "yearly"),
        ("", "yearly"),
    ],
)
def test_an_unknown_period_is_named(key, frequency):
    with pytest.raises(SourceContract) as raised:
        period_start(key, frequency)

    assert repr(key) in raised.value.cause


@pytest.mark.parametrize(
    ("text", "meaning", "value"),
    [
        ("24.3", Meaning.PARSED, "24.3"),
        ("-5900", Meaning.PARSED, "-5900"),
        (" 7 ", Meaning.PARSED, "7"),
        ("9" * 20 + "." + "9" * 18, Meaning.PARSED, "9" * 20 + "." + "9" * 18),
        *[(marker, Meaning.MISSING, "") for marker in ("-", "na", "NA", "n.a.", "s", "..", "...", "", "\u00a0")],
        *[
            (odd, Meaning.REJECTED, "")
            for odd in (
                "1,234.5",
                "(5.0)",
                "1e400",
                "NaN",
                "\uff11\uff12",
                "9" * 60,
                "5.1/",
                "+5",
                ".5",
                "5.",
                "1" * 21,
            )
        ],
    ],
)
def test_value(text, meaning, value):
    assert read_value(text) == (meaning, value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, ""),
        ("Data for 2026\u00a0are preliminary ", "Data for 2026 are preliminary"),
        ("Cafe\u0301", "Caf\u00e9"),
        ("Cafe\u200b\u0301", "Caf\u00e9"),
        ("a\u202eb\u200bc\x00d", "abcd"),
        ("two\nlines", "two lines"),
    ],
)
def test_label(text, expected):
    assert label(text) == expected


def test_a_recorded_header():
    header = read_metadata((RESPONSES / "M212161.metadata.json").read_bytes())

    assert (header.table_id, header.frequency, header.vintage, header.total) == (
        "M212161",
        "quarterly",
        date(2026, 7, 24),
        146,
    )
    assert header.source_agency == "HOUSING AND DEVELOPMENT BOARD"
    assert (header.theme, header.subject) == ("Economy & Prices", "Property Price Indices")
    assert header.topic == "HDB Resale Price Index"
    assert header.footnote.startswith("The index is based on quarterly average ")


def envelope(data: object, status: int = 200) -> bytes:
    return json.dumps({"Data": data, "DataCount": 1, "StatusCode": status, "Message": ""}).encode()


def metadata(**changes: object) -> bytes:
    records = {"id": "M000001", "title": "t", "frequency": "Annual", "dataLastUpdated": "01/02/2026", "total": 0}
    return envelope({"records": records | changes})


def test_a_header_has_the_agency_of_either_spelling():
    assert read_metadata(metadata(datasource="A")).source_agency == "A"
    assert read_metadata(metadata(dataSource="B")).source_agency == "B"
    assert read_metadata(metadata()).source_agency == ""


def test_a_header_has_the_rows_of_a_table_without_a_total():
    rows = [{"rowNo": "1.6", "rowText": "a"}, {"rowNo": "1.7", "rowText": "b"}]

    assert read_metadata(metadata(row=rows)).rows == []
    assert read_metadata(metadata(row=rows, total=None)).rows == ["1.6", "1.7"]
    assert read_metadata(metadata()).total == 0


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"id": None}, "lacks id, title or dataLastUpdated"),
        ({"title": ""}, "lacks id, title or dataLastUpdated"),
        ({"dataLastUpdated": None}, "lacks id, title or dataLastUpdated"),
        ({"total": -1}, "total"),
        ({"total": "5"}, "total"),
        ({"frequency": "Weekly"}, "'Weekly' is not a known frequency"),
    ],
)
def test_odd_metadata_are_named(changes, why):
    with pytest.raises(SourceContract, match=why):
        read_metadata(metadata(**changes))


def test_search_results():
    found = [{"id": "M000001", "title": "t", "tableType": "TS"}]

    assert [table.id for table in read_search(envelope({"records": found, "total": 1}))] == ["M000001"]
    assert read_search(envelope({"records": [], "total": 0})) == read_search(envelope("No records found")) == []


def test_a_title_that_is_there_twice_is_refused_in_a_search():
    body = envelope({"records": [{"id": "M000001", "title": "t", "tableType": "TS"}], "total": 1})

    with pytest.raises(SourceMalformed, match="'title' twice"):
        read_search(body.replace(b'"title": "t"', b'"title": "t", "title": "u"'))


def test_a_recorded_page():
    page = read_page((RESPONSES / "M212161.row1.tabledata.json").read_bytes())

    assert page.limit == 5000
    assert len(list(page.rows[0].cells())) == 146
    assert next(page.rows[0].cells()) == (("1990 1Q",), "24.3")


def page(**changes: object) -> bytes:
    row = {"seriesNo": "1", "rowText": "a", "uoM": "", "footnote": "", "columns": [{"key": "2020", "value": "1"}]}
    header = {"id": "M000001", "title": "t", "frequency": "Annual", "dataLastUpdated": "01/02/2026", "row": [row]}
    return envelope(header | changes)


def row(*columns: dict[str, object], number: str = "1", **changes: object) -> dict[str, object]:
    return {"seriesNo": number, "rowText": "a", "uoM": "", "footnote": "", "columns": list(columns)} | changes


@pytest.mark.parametrize(
    "body",
    [
        envelope("No records found"),
        json.dumps({"Data": {"row": []}, "StatusCode": 200}).encode(),
        page(row=[]),
        page(row=[row(), row(number="2")]),
        page(row=[row({"key": "2020", "value": None}), row({"key": "2020"}, number="2")]),
        page(row=[row({"key": "Total", "columns": []}, {"key": "Males", "columns": [{"key": "All", "value": None}]})]),
    ],
    ids=["text", "bare", "no row", "rows without columns", "cells without value", "nodes without cells"],
)
def test_every_form_of_the_end_is_a_page_without_rows(body):
    assert read_page(body).rows == []


def test_a_page_says_which_table_it_is_of():
    found = read_page(page(id="M000002", frequency="Quarterly"))

    assert (found.table_id, found.frequency) == ("M000002", "quarterly")


@pytest.mark.parametrize(
    ("body", "error", "why"),
    [
        (b"<html>maintenance</html>", SourceMalformed, "not JSON"),
        (b'{"Data": {"id": ', SourceMalformed, "not JSON"),
        (b'{"Data":' + b"[" * 100_000, SourceMalformed, "not JSON"),
        (b"{}", SourceContract, "envelope"),
        (envelope({"title": "One or more validation errors occurred."}, 400), SourceContract, "validation errors"),
        (envelope({}, 404), TableNotFound, "no such table"),
        (envelope({}, 503), SourceUnavailable, "503"),
        (envelope({}, 100), SourceContract, "StatusCode 100"),
        (envelope({}), SourceContract, "lacks row"),
        (
            page(row=[{"rowText": "a", "seriesNo": "1", "columns": [{"key": "2020", "value": 1.5}]}]),
            SourceContract,
            r"\$\.Data\.row\[0\]\.columns\[0\]\.value",
        ),
        (page(row=[{"rowText": "a", "seriesNo": "1", "columns": {}}]), SourceContract, r"\$\.Data\.row"),
        (page(dataLastUpdated="2026-02-01"), SourceContract, "DD/MM/YYYY"),
        (page(id=None), SourceContract, "lacks id or dataLastUpdated"),
        (page(row=[row({"key": "2020", "value": "1"}), row(number="1")]), SourceInconsistent, "lists row '1' twice"),
        (page(title="t" * 1001), SourceContract, r"length <= 1000 - at `\$\.Data\.title"),
        (page(footnote="t" * 20_001), SourceContract, "footnote"),
        (page(row=[row({"key": "2020", "value": "1"}, rowText="t" * 1001)]), SourceContract, r"row\[0\]\.rowText"),
        (page(row=[row({"key": "2020", "value": "1"}, footnote="t" * 20_001)]), SourceContract, r"row\[0\]\.footnote"),
        (page().replace(b'"a"', b'"Caf\xe9"'), SourceMalformed, "not UTF-8: byte E9 at"),
        (page().replace(b'"a"', b'"\\ud800"'), SourceMalformed, "not JSON"),
        (page().replace(b'"a"', b'"\\q"'), SourceMalformed, "not JSON"),
        (page().replace(b'"a"', b'"\x01"'), SourceMalformed, "not JSON"),
        (page(theme=json.loads("[" * 900 + "]" * 900)), SourceContract, "theme"),
        (envelope("Internal Server Error"), SourceContract, r"Expected `object`, got `str` - at `\$\.Data`"),
    ],
)
def test_a_malformed_page_is_named(body, error, why):
    with pytest.raises(error, match=why):
        read_page(body)


TWICE = [
    ('"value": "1"', '"value": "1", "value": "666"'),
    ('"value": "1"', '"value": "1", "\\u0076alue": "666"'),
    ('"value": "1"', '"value": "1", "va\\u006cue" : "666"'),
    ('"key": "2020"', '"key": "2020", "key": "2021"'),
    ('"rowText": "a"', '"rowText": "a", "rowText": "b"'),
    ('"rowText": "a"', '"rowText": "\\u003a", "rowText": "b"'),
    ('"seriesNo": "1"', '"seriesNo": "2", "seriesNo": "1"'),
    ('"uoM": ""', '"uoM": "", "uoM": "Million"'),
    ('"uoM": ""', '"uoM": null, "uoM": null'),
    ('"frequency"', '"row": [], "frequency"'),
    ('"frequency"', '"id": "M000002", "frequency"'),
    ('"frequency"', '"new": {"deep": 1, "deep": 2}, "frequency"'),
    ('"StatusCode"', '"StatusCode": 500, "StatusCode"'),
    ('"DataCount"', '"Data": {"row": []}, "DataCount"'),
]


@pytest.mark.parametrize(("once", "twice"), TWICE)
def test_a_key_that_is_there_twice_is_refused_in_a_page(once, twice):
    body = page().decode()
    assert body.count(once) == 1

    with pytest.raises(SourceMalformed, match="twice"):
        read_page(body.replace(once, twice).encode())


@pytest.mark.parametrize(
    "body",
    [
        page().replace(b', "StatusCode": 200', b""),
        page(row=[row({"key": "2020", "value": "1"}), {"seriesNo": "2", "rowText": "b", "uoM": "", "footnote": ""}]),
        page(row=[row({"key": "2020", "value": "1"}, {"key": "2021"})]),
    ],
    ids=["StatusCode", "columns", "value"],
)
def test_a_key_that_is_absent_does_not_hide_one_that_is_there_twice(body):
    assert read_page(body).rows

    with pytest.raises(SourceMalformed, match="twice"):
        read_page(body.replace(b'"value": "1"', b'"value": "1", "value": "666"'))


def test_a_value_beside_an_empty_list_of_columns_is_read():
    found = read_page(page(row=[row({"key": "Males", "value": "5", "columns": []})]))

    assert list(found.rows[0].cells()) == [(("Males",), "5")]


def test_a_value_beside_columns_is_refused():
    found = read_page(page(row=[row({"key": "Total", "value": "5", "columns": [{"key": "Males", "value": "2"}]})]))

    with pytest.raises(SourceContract, match="both a value and columns"):
        list(found.rows[0].cells())


@pytest.mark.parametrize("number", [" 1", "1\u200b", "1\u00a0"])
def test_the_number_of_a_series_is_cleaned_as_its_labels_are(number):
    assert read_page(page(row=[row({"key": "2020", "value": "1"}, number=number)])).rows[0].series_no == "1"


NESTED = {"key": "Males", "columns": [{"key": "All", "value": "1"}, {"key": "Young", "columns": []}]}
CROSS = row({"key": "Total", "value": "2"}, NESTED)
CROSS["rowNo"] = CROSS.pop("seriesNo")


@pytest.mark.parametrize(
    "body",
    [
        *(path.read_bytes() for path in sorted(RESPONSES.glob("*.tabledata.json"))),
        page(title="a: b", row=[row({"key": "2020", "value": "1"}, rowText="::", uoM="a:", footnote="b: c")]),
        page(frequency=None, tableType="Census", row=[CROSS]),
        page(row=[{"seriesNo": "1", "rowText": "a", "columns": [{"key": "2020", "value": "1"}]}]),
    ],
)
def test_no_ordinary_page_is_parsed_twice(body, monkeypatch):
    def refuse(_: bytes) -> None:
        raise AssertionError("counting its keys should have been enough")

    monkeypatch.setattr(responses, "check_unique_keys", refuse)

    assert read_page(body).rows


@pytest.mark.parametrize(
    ("body", "keys", "enough"),
    [
        (b'{"a": "b"}', 1, True),
        (b'{"a": "b"}', 2, False),
        (b'{"a": "b"}', 0, False),
        (b'{"a": "\\u003a"}', 0, False),
        (b'{"a": "\\u0026"}', 1, True),
    ],
)
def test_keys_are_counted_by_their_colons(body, keys, enough):
    assert has_keys(body, keys, []) is enough


def test_colons_of_texts_are_no_keys():
    assert has_keys(b'{"a": ":", "b": "c:d:"}', 2, [":", "c:d:"])
    assert not has_keys(b'{"a": ":", "b": "c:d:"}', 2, [":"])


def test_a_key_that_is_there_twice_is_refused_in_the_metadata():
    body = (RESPONSES / "M212161.metadata.json").read_bytes()
    assert body.count(b'"total":') == 1

    with pytest.raises(SourceMalformed, match="'total' twice"):
        read_metadata(body.replace(b'"total":', b'"total":1,"total":'))


def test_texts_may_be_as_long_as_allowed():
    longest = row({"key": "k" * 1000, "value": "v" * 1000}, rowText="t" * 1000, footnote="f" * 20_000)

    assert read_page(page(title="t" * 1000, footnote="f" * 20_000, row=[longest])).rows


@pytest.mark.parametrize("text", ["a: b", "::", '"key": "value"', "\u003a", "https://x.test", "a\\u003ab"])
def test_a_colon_in_a_text_is_no_key(text):
    columns = {"key": text, "value": text}
    body = page(title=text, footnote=text, row=[row(columns, rowText=text, uoM=text, footnote=text)])

    assert list(read_page(body).rows[0].cells()) == [((text,), text)]


@given(st.binary(max_size=60), st.integers(0, 400), st.integers(0, 60))
def test_any_bytes_are_read_or_refused_by_name(noise, start, length):
    body = page()

    for read in (read_page, read_metadata, read_search):
        for damaged in (noise, body[:start] + noise + body[start + length :]):
            with suppress(SourceError):
                read(damaged)


@pytest.mark.parametrize(("day", "refused"), [
    (date(1, 1, 1), True),
    (date(1959, 12, 31), True),
    (date(1960, 1, 1), False),
    (date(2026, 11, 29), False),
    (date(2026, 11, 30), True),
    (date(9999, 9, 23), True),
])  # fmt: skip
def test_a_date_of_the_far_past_or_future_is_refused(day, refused):
    with pytest.raises(SourceContract, match="not between 1960 and tomorrow") if refused else nullcontext():
        check_update(day, today=date(2026, 11, 28))


def test_a_column_nested_too_deeply_is_named_by_its_path():
    nested: dict[str, object] = {"key": "leaf", "value": "1"}
    for level in range(5):
        nested = {"key": f"level {level}", "columns": [nested]}
    rows = read_page(page(row=[{"rowText": "a", "rowNo": "1", "columns": [nested]}])).rows

    with pytest.raises(SourceContract, match=r"row 1(\.columns\[0\]){6} is nested deeper than 5"):
        list(rows[0].cells())


def test_a_row_without_a_number_is_refused():
    with pytest.raises(SourceContract, match="Nobody"):
        read_page(page(row=[{"rowText": "Nobody", "columns": [{"key": "2020", "value": "1"}]}]))


def test_the_default_user_agent_names_no_http_library():
    with Replay() as replay:
        body = SingStat(replay.url, 0, USER_AGENT).metadata("M212161")

    assert read_metadata(body).table_id == "M212161"


def test_a_refused_user_agent_is_named():
    with Replay() as replay, pytest.raises(SourceRefused, match=r"403 .*metadata/M212161.* 'python-requests/2'"):
        SingStat(replay.url, 0, "python-requests/2").metadata("M212161")
