"""Differences between two vintages: all are counted, the largest are shown."""

from decimal import Decimal

from pipeline.report import revisions
from pipeline.report.content import MAX_REVISIONS, Comparison
from pipeline.report.revisions import PreviousSeries, difference
from pipeline.table.observations import Observation
from pipeline.table.values import read_value


def series(number: str, texts: dict[str, str]) -> list[Observation]:
    return [
        Observation("M1", "yearly", number, f"S{number}", "", "", period, f"{period}-01-01", "", "", "", "", "",
                    read_value(text)[1], text, "2026-01-01")
        for period, text in texts.items()
    ]  # fmt: skip


def test_kinds_are_counted_and_the_largest_come_first():
    comparison = Comparison("24 Jul 2026")
    before = PreviousSeries("S1", {"2020": "1.0", "2021": "2", "2022": "3", "2023": "na"})
    now = series("1", {"2020": "1.00", "2021": "-5", "2022": "3", "2023": "4", "2024": "5"})
    revisions.add(comparison, revisions.compare(now, before))
    revisions.add(comparison, revisions.compare(series("2", {"2020": "7"}), None))
    revisions.add(comparison, revisions.deleted("9", PreviousSeries("S9", {"2020": "8"})))

    assert comparison.counts == {"revised": 3, "deleted": 1, "new": 2}
    assert [(each.series_no, each.cell, each.kind, difference(each)) for each in comparison.largest] == [
        ("1", "2021", "revised", Decimal(-7)),
        ("1", "2020", "revised", Decimal("0.00")),
        ("1", "2023", "revised", None),
        ("9", "2020", "deleted", None),
        ("1", "2024", "new", None),
        ("2", "2020", "new", None),
    ]


def test_only_the_largest_revisions_are_kept():
    years = [str(year) for year in range(1000, 2000)]
    comparison = Comparison("")
    before = PreviousSeries("S1", dict.fromkeys(years, "0"))
    revisions.add(comparison, revisions.compare(series("1", {year: year for year in years}), before))

    assert comparison.total == 1000
    assert [each.cell for each in comparison.largest] == years[: -MAX_REVISIONS - 1 : -1]
