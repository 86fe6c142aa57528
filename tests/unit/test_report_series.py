"""Latest values and their changes: exact, and None where a value is missing."""

from decimal import Decimal

import pytest
from pipeline.report.content import Cell, Change, Mark
from pipeline.report.series import change, change_names, latest, size, step
from pipeline.report.ticks import date_ticks, line_points
from pipeline.report.wording import agency, day, number, signed, singapore_time
from pipeline.report.wording import change as wording_of_change
from pipeline.table.observations import Observation
from pipeline.table.values import read_value


def series(frequency: str, unit: str = "Index", **texts: str) -> list[Observation]:
    """A series from its texts by month, such as `d2026_01="1.5"`."""
    found = []
    for name, text in texts.items():
        start = f"{name[1:5]}-{name[6:8]}-01"
        value = read_value(text)[1]
        levels = [""] * 5
        found.append(
            Observation("M1", frequency, "1", "A", unit, "", start[:7], start, *levels, value, text, "2026-01-01")
        )
    return found


@pytest.mark.parametrize(
    ("frequency", "texts", "expected"),
    [
        pytest.param(
            "monthly",
            {"d2025_06": "4.0", "d2026_05": "4.9", "d2026_06": "5.0"},
            [Change(Decimal("0.1"), Decimal("2.0")), Change(Decimal("1.0"), Decimal("25.0"))],
            id="on the month and on the year",
        ),
        pytest.param("monthly", {"d2026_04": "4", "d2026_06": "5"}, [None, None], id="the previous period is absent"),
        pytest.param("monthly", {"d2026_05": "na", "d2026_06": "5"}, [None, None], id="the previous value is missing"),
        pytest.param("monthly", {"d2026_05": "4", "d2026_06": "-"}, [None, None], id="the latest value is missing"),
        pytest.param(
            "quarterly",
            {"d2026_01": "-4", "d2026_04": "5"},
            [Change(Decimal(9), None), None],
            id="from a negative value",
        ),
        pytest.param(
            "yearly", {"d2025_01": "4", "d2026_01": "-5"}, [Change(Decimal(-9), None)], id="to a negative value"
        ),
        pytest.param(
            "yearly", {"d2025_01": "3", "d2026_01": "2"}, [Change(Decimal(-1), Decimal("-33.3"))], id="on the year"
        ),
        pytest.param(
            "yearly",
            {"d2015_01": "1", "d2020_01": "2", "d2025_01": "3"},
            [Change(Decimal(1), Decimal("50.0"))],
            id="every fifth year",
        ),
    ],
)
def test_changes_of_the_latest_value(frequency, texts, expected):
    observations = series(frequency, **texts)

    row = latest(observations, step(observations, frequency))

    assert row.cells[0].text == list(texts.values())[-1]
    assert row.changes == expected
    assert len(change_names(step(observations, frequency))) == len(expected)


def test_a_change_is_exact_beyond_float_precision():
    difference = change(Cell("", Decimal("99999999999999999999.000000000000000003")), Cell("", Decimal("0.1")), "Index")

    assert difference is not None
    assert difference.absolute == Decimal("99999999999999999998.900000000000000003")


@pytest.mark.parametrize("unit", ["Per Cent", "%", "Percentage Points"])
def test_a_percentage_has_no_change_in_per_cent(unit):
    assert change(Cell("5", Decimal(5)), Cell("4", Decimal(4)), unit) == Change(Decimal(1), None)


def years(*texts: str, first: int = 2000, unit: str = "Index") -> list[Observation]:
    return series("yearly", unit, **{f"d{first + n}_01": text for n, text in enumerate(texts)})


@pytest.mark.parametrize(
    ("observations", "expected"),
    [
        pytest.param(years("100", "101", "102.01", "103.0301", "106.120"), "3.0", id="3 %, usually 1 %"),
        pytest.param(years("100", "90", "81", "72.9", "80.19"), "1", id="signs do not count"),
        pytest.param(years("2", "3", "2", "3", "5", unit="Per Cent"), "2", id="points of a percentage"),
        pytest.param(years("-1", "1", "-1", "1", "2"), "0.5", id="across zero, as they are"),
        pytest.param(years("5", "5", "5", "5", "6"), "Infinity", id="it never changed"),
        pytest.param(years("5", "5", "5", "5", "5"), "0", id="it never changes"),
        pytest.param(years("1", "2", "3", "4"), None, id="too few changes"),
        pytest.param(years("1", "2", "3", "4", "na"), None, id="the latest value is missing"),
        pytest.param(
            years("1", "100", *["100"] * 8, "101", "102", "103", first=2000, unit="%"), "Infinity", id="ten years back"
        ),
    ],
)
def test_a_move_is_compared_with_the_usual_one(observations, expected):
    assert size(observations, 12) == (None if expected is None else Decimal(expected))


@pytest.mark.parametrize(
    ("each", "unit", "text"),
    [
        (Change(Decimal("1.5"), Decimal("2.3")), "Index", "+2.3%"),
        (Change(Decimal("-0.4"), None), "Per Cent", "\u22120.4 points"),
        (Change(Decimal(12), None), "Million Dollars", "+12"),
    ],
)
def test_changes_in_words(each, unit, text):
    assert wording_of_change(each, unit) == text


def test_a_line_has_gaps_at_missing_values_and_missing_periods():
    marks = [
        Mark("", "2026-01-01", Decimal(1)),
        Mark("", "2026-02-01", None),
        Mark("", "2026-03-01", Decimal(3)),
        Mark("", "2026-07-01", Decimal(7)),
    ]

    x, y = line_points(marks, 1)

    assert [str(value) for value in y] == ["1.0", "nan", "3.0", "nan", "7.0"]
    assert x == sorted(x)


@pytest.mark.parametrize(
    ("low", "high", "limit", "names"),
    [
        (1960.0, 2026.5, 8, ["1960", "1970", "1980", "1990", "2000", "2010", "2020"]),
        (2020.0, 2026.0, 8, ["2020", "2021", "2022", "2023", "2024", "2025", "2026"]),
        (2025.5, 2026.5, 7, ["Jul 2025", "Oct 2025", "Jan 2026", "Apr 2026", "Jul 2026"]),
        (1960.0, 2026.5, 3, ["1960", "1980", "2000", "2020"]),
    ],
)
def test_date_ticks_are_round_and_few(low, high, limit, names):
    assert date_ticks(low, high, limit)[1] == names


def test_numbers_dates_and_names_are_formatted():
    assert number(Decimal("-1234567.50")) == "\u22121,234,567.50"
    assert [signed(Decimal(text)) for text in ("0.10", "-0.1", "0", "-0.0")] == ["+0.10", "\u22120.1", "0", "0.0"]
    assert day("2026-07-04") == "4 Jul 2026"
    assert singapore_time("2026-11-23T17:30:00+00:00") == "24 Nov 2026, 01:30 Singapore time"
    assert agency("MINISTRY OF TRADE AND INDUSTRY (MTI)") == "Ministry of Trade and Industry (MTI)"
