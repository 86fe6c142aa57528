"""Latest values and changes: exact, and nothing is made up where something is missing."""

from decimal import Decimal

import pytest
from pipeline.report.content import Cell, Change, Mark
from pipeline.report.series import change, change_names, latest, step
from pipeline.report.ticks import broken, date_ticks
from pipeline.report.wording import agency, day, moment, number, signed
from pipeline.table.observations import Observation
from pipeline.table.values import read_value


def series(frequency: str, unit: str = "Index", **texts: str) -> list[Observation]:
    """A series from its texts by first day, like `d2026_01="1.5"`."""
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
        pytest.param("monthly", {"d2026_04": "4", "d2026_06": "5"}, [None, None], id="the period before is not there"),
        pytest.param("monthly", {"d2026_05": "na", "d2026_06": "5"}, [None, None], id="the period before is missing"),
        pytest.param("monthly", {"d2026_05": "4", "d2026_06": "-"}, [None, None], id="the latest is missing"),
        pytest.param(
            "quarterly", {"d2026_01": "-4", "d2026_04": "5"}, [Change(Decimal(9), None), None], id="from below zero"
        ),
        pytest.param(
            "yearly", {"d2025_01": "3", "d2026_01": "2"}, [Change(Decimal(-1), Decimal("-33.3"))], id="a year"
        ),
        pytest.param(
            "yearly",
            {"d2015_01": "1", "d2020_01": "2", "d2025_01": "3"},
            [Change(Decimal(1), Decimal("50.0"))],
            id="five",
        ),
    ],
)
def test_changes_of_the_latest_value(frequency, texts, expected):
    observations = series(frequency, **texts)

    row = latest(observations, step(observations, frequency))

    assert row.cells[0].text == list(texts.values())[-1]
    assert row.changes == expected
    assert len(change_names(step(observations, frequency))) == len(expected)


def test_a_change_is_exact_where_a_float_is_not():
    found = change(Cell("", Decimal("99999999999999999999.000000000000000003")), Cell("", Decimal("0.1")), "Index")

    assert found is not None
    assert found.absolute == Decimal("99999999999999999998.900000000000000003")


@pytest.mark.parametrize("unit", ["Per Cent", "%", "Percentage Points"])
def test_per_cent_of_per_cent_is_not_said(unit):
    assert change(Cell("5", Decimal(5)), Cell("4", Decimal(4)), unit) == Change(Decimal(1), None)


def test_a_line_breaks_at_missing_values_and_at_missing_periods():
    marks = [
        Mark("", "2026-01-01", Decimal(1)),
        Mark("", "2026-02-01", None),
        Mark("", "2026-03-01", Decimal(3)),
        Mark("", "2026-07-01", Decimal(7)),
    ]

    x, y = broken(marks, 1)

    assert [str(value) for value in y] == ["1.0", "nan", "3.0", "nan", "7.0"]
    assert x == sorted(x)


@pytest.mark.parametrize(
    ("low", "high", "most", "names"),
    [
        (1960.0, 2026.5, 8, ["1960", "1970", "1980", "1990", "2000", "2010", "2020"]),
        (2020.0, 2026.0, 8, ["2020", "2021", "2022", "2023", "2024", "2025", "2026"]),
        (2025.5, 2026.5, 7, ["Jul 2025", "Oct 2025", "Jan 2026", "Apr 2026", "Jul 2026"]),
        (1960.0, 2026.5, 3, ["1960", "1980", "2000", "2020"]),
    ],
)
def test_dates_are_round_and_not_too_many(low, high, most, names):
    assert date_ticks(low, high, most)[1] == names


def test_figures_and_names_for_people():
    assert number(Decimal("-1234567.50")) == "\u22121,234,567.50"
    assert [signed(Decimal(text)) for text in ("0.10", "-0.1", "0", "-0.0")] == ["+0.10", "\u22120.1", "0", "0.0"]
    assert day("2026-07-04") == "4 Jul 2026"
    assert moment("2026-11-23T17:30:00+00:00") == "24 Nov 2026, 01:30 Singapore time"
    assert agency("MINISTRY OF TRADE AND INDUSTRY (MTI)") == "Ministry of Trade and Industry (MTI)"
