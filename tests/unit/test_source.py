"""Periods, values, labels, headers and pages as SingStat sends them, and every malformed response."""

import json
from datetime import date
from pathlib import Path

import pytest
from pipeline.errors import SourceContract, SourceMalformed, SourceRefused, SourceUnavailable, TableNotFound
from pipeline.source.client import USER_AGENT, SingStat
from pipeline.source.responses import label, read_metadata, read_page
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


def test_a_recorded_page():
    page = read_page((RESPONSES / "M212161.row1.tabledata.json").read_bytes())

    assert page.limit == 5000
    assert len(list(page.rows[0].cells())) == 146
    assert next(page.rows[0].cells()) == (("1990 1Q",), "24.3")


def envelope(data: object, status: int = 200) -> bytes:
    return json.dumps({"Data": data, "DataCount": 1, "StatusCode": status, "Message": ""}).encode()


def page(**changes: object) -> bytes:
    row = {"seriesNo": "1", "rowText": "a", "uoM": "", "footnote": "", "columns": [{"key": "2020", "value": "1"}]}
    header = {"id": "M000001", "title": "t", "frequency": "Annual", "dataLastUpdated": "01/02/2026", "row": [row]}
    return envelope(header | changes)


def test_no_records_found_is_a_page_without_rows():
    assert read_page(envelope("No records found")).rows == []


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
        (envelope({}), SourceContract, "id"),
        (
            page(row=[{"rowText": "a", "seriesNo": "1", "columns": [{"key": "2020", "value": 1.5}]}]),
            SourceContract,
            r"\$\.Data\.row\[0\]\.columns\[0\]\.value",
        ),
        (page(row=[{"rowText": "a", "seriesNo": "1", "columns": {}}]), SourceContract, r"\$\.Data\.row"),
        (page(dataLastUpdated="2026-02-01"), SourceContract, "DD/MM/YYYY"),
    ],
)
def test_a_malformed_page_is_named(body, error, why):
    with pytest.raises(error, match=why):
        read_page(body)


def test_a_column_nested_too_deeply_is_named_by_its_path():
    nested: dict[str, object] = {"key": "leaf", "value": "1"}
    for level in range(5):
        nested = {"key": f"level {level}", "columns": [nested]}
    rows = read_page(page(row=[{"rowText": "a", "rowNo": "1", "columns": [nested]}])).rows

    with pytest.raises(SourceContract, match=r"row 1(\.columns\[0\]){6} is nested deeper than 5"):
        list(rows[0].cells())


def test_a_row_without_a_number_is_refused():
    rows = read_page(page(row=[{"rowText": "Nobody", "columns": []}])).rows

    with pytest.raises(SourceContract, match="Nobody"):
        _ = rows[0].series_no


def test_the_default_user_agent_names_no_http_library():
    with Replay() as replay:
        body = SingStat(replay.url, 0, USER_AGENT).metadata("M212161")

    assert read_metadata(body).table_id == "M212161"


def test_a_refused_user_agent_is_named():
    with Replay() as replay, pytest.raises(SourceRefused, match=r"403 .*metadata/M212161.* 'python-requests/2'"):
        SingStat(replay.url, 0, "python-requests/2").metadata("M212161")
