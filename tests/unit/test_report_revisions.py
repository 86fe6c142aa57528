"""Differences between two vintages: all are counted, the largest are shown."""

from datetime import date
from decimal import Decimal

from pipeline.costs.estimate import estimate
from pipeline.costs.usage import Usage
from pipeline.publication.identity import LabelChange, Labels
from pipeline.report import revisions, wording
from pipeline.report.content import MAX_REVISIONS, Comparison, Report, TableReport
from pipeline.report.page import page, table_page
from pipeline.report.revisions import PreviousSeries, difference
from pipeline.report.table_report import Before, Vintage, table_report
from pipeline.run.verification import Measured
from pipeline.source.responses import Header
from pipeline.table.manifest import Manifest
from pipeline.table.observations import Observation
from pipeline.table.values import read_value

MEASURED = Measured(**dict.fromkeys(Measured.__struct_fields__, "0"))


def series(number: str, texts: dict[str, str], name: str = "", unit: str = "") -> list[Observation]:
    return [
        Observation(
            table_id="M1", frequency="yearly", series_no=number, series=name or f"S{number}", unit=unit, footnote="",
            period=period, period_start=f"{period}-01-01", column_1="", column_2="", column_3="", column_4="",
            column_5="", value=read_value(text)[1], value_text=text, vintage="2026-01-01",
        )
        for period, text in texts.items()
    ]  # fmt: skip


def test_kinds_are_counted_and_the_largest_come_first():
    comparison = Comparison("24 Jul 2026")
    before = PreviousSeries("S1", "", "", {"2020": "1.0", "2021": "2", "2022": "3", "2023": "na"})
    now = series("1", {"2020": "1.00", "2021": "-5", "2022": "3", "2023": "4", "2024": "5"})
    revisions.add(comparison, revisions.compare(now, before))
    revisions.add(comparison, revisions.compare(series("2", {"2020": "7"}), None))
    revisions.add(comparison, revisions.deleted("9", PreviousSeries("S9", "", "", {"2020": "8"})))

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
    before = PreviousSeries("S1", "", "", dict.fromkeys(years, "0"))
    revisions.add(comparison, revisions.compare(series("1", {year: year for year in years}), before))

    assert comparison.total == 1000
    assert [each.cell for each in comparison.largest] == years[: -MAX_REVISIONS - 1 : -1]


def vintage(day: date, *each: list[Observation]) -> Vintage:
    cells = sum(map(len, each))
    header = Header(table_id="M1", title="T", frequency="yearly", vintage=day, total=cells)
    manifest = Manifest(
        run_id="r", source_url="", fetched_at="2026-07-24T00:00:00+00:00", header=header, pages=[], observations=cells,
        series=len(each), parsed=cells, missing=0, rejected=0, first_period="", last_period="", total_value="0",
        checksum="",
    )  # fmt: skip
    return Vintage(
        manifest, [Labels(one[0].series_no, one[0].series, one[0].unit, one[0].footnote) for one in each], each
    )


def report(old: list[list[Observation]], new: list[list[Observation]]) -> TableReport:
    before, now = vintage(date(2026, 7, 24), *old), vintage(date(2026, 10, 24), *new)
    earlier = Before(before.manifest, revisions.previous_series(before.series))
    return table_report(now, earlier, MEASURED, whole=True, in_workbook=True)


def test_a_series_inserted_in_the_middle_revises_nothing():
    a, b, c, x = ({"2020": str(n), "2021": str(n)} for n in range(4))
    shown = report(
        [series("1", a, "A"), series("2", b, "B"), series("3", c, "C"), series("4", a, "Old")],
        [series("1", x, "X"), series("2", a, "A"), series("3", b, "B"), series("4", c | {"2021": "7"}, "C")],
    )

    assert shown.comparison
    assert shown.comparison.counts == {"revised": 1, "deleted": 2, "new": 2}
    assert [(each.series_no, each.cell, each.kind) for each in shown.comparison.largest] == [
        ("4", "2021", "revised"), ("4", "2020", "deleted"), ("4", "2021", "deleted"), ("1", "2020", "new"),
        ("1", "2021", "new"),
    ]  # fmt: skip
    assert shown.comparison.labels == [
        LabelChange(str(n + 1), name, "renumbered", str(n), str(n + 1)) for n, name in enumerate("ABC", 1)
    ]
    assert wording.label_changes(shown.comparison) == "3 renumbered"
    assert shown.chart
    assert not shown.chart.previous  # the first series is new


def test_the_chart_compares_a_renumbered_series_with_itself():
    shown = report([series("1", {"2020": "5"}, "A")], [series("2", {"2020": "6"}, "A")])

    assert shown.chart
    assert [mark.value for mark in shown.chart.previous] == [Decimal(5)]


def test_a_series_in_another_unit_is_told_and_not_drawn_over_the_old():
    shown = report([series("1", {"2020": "5000"}, "A", "Thousand")], [series("1", {"2020": "5"}, "A", "Million")])

    assert shown.comparison
    assert shown.comparison.counts["revised"] == 1
    assert shown.comparison.labels == [LabelChange("1", "A", "unit", "Thousand", "Million")]
    assert wording.label_changes(shown.comparison) == "1 with another unit"
    assert shown.chart
    assert not shown.chart.previous


def test_changes_of_labels_are_all_counted_and_the_first_kept():
    old = [series(str(n), {"2020": "1"}) for n in range(1, 50)]
    shown = report(old, [series(each[0].series_no, {"2020": "1"}, each[0].series, "Per Cent") for each in old])

    assert shown.comparison
    assert (shown.comparison.total, shown.comparison.total_labels) == (0, 49)
    assert len(shown.comparison.labels) == MAX_REVISIONS
    assert shown.comparison.truncated


def run(*tables: TableReport, split: bool) -> Report:
    return Report(
        run_id="r",
        fetched_at="2026-10-24T00:00:00+00:00",
        split=split,
        tables=list(tables),
        unchanged=[],
        failed=[],
        cost=estimate(Usage(transitions=1), "ap-southeast-1", "arm64"),
    )


def test_of_many_tables_the_page_lists_them_and_each_has_its_own():
    texts = {str(year): str(year) for year in range(1900, 2026)}
    shown = report([series("1", texts, "A")], [series("1", texts | {"2024": "7", "2025": "8"}, "A")])
    own = table_page("r", shown, {"report.html": "https://a.invalid/r"}).decode()
    shown.condense()
    html = page(run(shown, split=True), {"M1.html": "https://a.invalid/1"}).decode()

    assert own.count("<svg") == len(("wide", "narrow"))
    assert '<a href="https://a.invalid/r" data-file="report.html">SingStat pipeline, run r</a>' in own
    assert own.count("<tr data-series") == 1 + 2  # the latest value and the revised cells
    assert (html.count("<svg"), html.count('<h2 id="M1">'), html.count("<tr data-series")) == (1, 0, 0)
    for text in ("A", "T"):  # the series that moved; the title, where it is revised and in the list
        assert f'<a href="https://a.invalid/1" data-file="M1.html">{text}</a>' in html
    assert "2 cells revised, the largest in A, 2024:" in html


def test_the_tables_are_listed_by_theme():
    prices, trade, none = (report([], [series("1", {"2020": "1"}, "A")]) for _ in range(3))
    prices.theme, trade.theme = "Prices", "Trade"
    report_of_all = run(none, trade, prices, split=False)

    assert list(report_of_all.themes) == ["Prices", "Trade", ""]
    html = page(report_of_all, {}).decode()
    assert [html.index(name) for name in (">Prices<", ">Trade<", ">Other themes<")] == sorted(
        html.index(name) for name in (">Prices<", ">Trade<", ">Other themes<")
    )


def test_the_page_tells_renumbered_series_and_other_units_apart_from_revised_cells():
    old = [series("1", {"2020": "1"}, "A", "Thousand"), series("2", {"2020": "2"}, "<b>")]
    shown = report(old, [series("1", {"2020": "9"}, "X"), series("2", {"2020": "1"}, "A", "Million")])
    html = page(run(shown, split=False), {}).decode()

    assert "Changed series: 1 renumbered, 1 with another unit." in html
    assert '<tr data-series="2"><th scope="row">A</th><td>number</td><td>1</td><td>2</td></tr>' in html
    assert '<th scope="row">A</th><td>unit</td><td>Thousand</td><td>Million</td>' in html
    assert "0 cells revised,\n1 new, 1 deleted." in html
    assert "query Athena" not in html
