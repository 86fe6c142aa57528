"""Synthetic tables, one for each thing that can go wrong on a page, served like recorded ones."""

from collections.abc import Iterable
from typing import Any

from local.replay.recordings import MONTHS, Row, Table

NASTY = "<script>document.title='broken'</script> \"quoted\" & 'single' $x_1$ {{ 7 * 7 }} </svg><b>"
LONG_WORD = "Supercalifragilistic" * 15
LONG_TITLE = (
    "Indicators of the Manufacturing, Construction and Services Industries by Broad Group and Detailed Kind " * 3
)
FORMULA = '=HYPERLINK("https://example.invalid","x")'
FIRST, SECOND = "24/07/2026", "24/10/2026"


def time_series(table_id: str, title: str, frequency: str, rows: Iterable[Row], footnote: str = "") -> Table:
    header = {
        **{"theme": "", "subject": "", "topic": "", "id": table_id, "groupTitle": title, "title": title},
        **{"frequency": frequency, "adjustmentType": "", "datasource": "MINISTRY OF SAMPLES (MOS)"},
        **{"footnote": footnote, "generatedBy": "", "dataLastUpdated": FIRST, "dateGenerated": FIRST},
    }
    return Table("TS", header, list(rows))


def cross_section(table_id: str, title: str, rows: Iterable[Row]) -> Table:
    header = {
        **{"theme": "", "subject": "", "topic": "", "id": table_id, "title": title, "tableType": "Census"},
        **{"dataSource": "SINGAPORE DEPARTMENT OF STATISTICS", "footnote": "", "generatedBy": ""},
        **{"dataLastUpdated": FIRST, "dateGenerated": FIRST},
    }
    return Table("CT", header, list(rows))


def cells(periods: Iterable[str], values: Iterable[str]) -> list[dict[str, Any]]:
    return [{"key": period, "value": value} for period, value in zip(periods, values, strict=True)]


def months(first: int, count: int) -> list[str]:
    return [f"{first + n // 12} {MONTHS[n % 12]}" for n in range(count)]


def quarters(first: int, count: int) -> list[str]:
    return [f"{first + n // 4} {n % 4 + 1}Q" for n in range(count)]


def wave(start: float, count: int) -> list[str]:
    """Figures that rise and fall, the same each time."""
    return [f"{start + n / 4 + (n * 7 % 11) / 3:.1f}" for n in range(count)]


def samples() -> dict[str, Table]:
    """New tables at each call, all of the first vintage, by id."""
    short = [Row("1", "GDP", "Million Dollars", "", cells(quarters(2010, 60), wave(100, 60)))]
    many = [
        Row(
            f"1.{n}",
            f"Kind of Activity Number {n} With a Name That Goes On",
            unit,
            "",
            cells(months(2016, 120), wave(n, 120)),
        )
        for n, unit in enumerate(["Per Cent", "Index"] * 100, start=1)
    ]
    missing = [Row("1", "Nothing Known", "Number", "", cells(["2019", "2020", "2021"], ["na", "-", "s"]))]
    nasty = [
        Row("1", f"{NASTY} {LONG_WORD}", NASTY, NASTY, cells(["2023", "2024", "2025", "2026"], ["1", "2", "3", "5"])),
        Row("2", FORMULA, "", FORMULA, cells(["2023", "2024", "2025", "2026"], ["-1", "-", "9" * 18 + ".25", "-0.5"])),
    ]
    gaps = [
        Row("1", "Balance", "Million Dollars", "", cells(map(str, range(1985, 2027)), [
            "na" if n % 9 == 4 or n in (24, 26) else f"{(n * 13 % 17) - 8}.5" for n in range(42)
        ]))
    ]  # fmt: skip
    one = [Row("1", "Census of the Year", "Number", "", cells(["2026 Oct"], ["1234567"]))]
    people = [
        Row(str(n), f"Age Group {n}, Resident Population in Private and Public Dwellings of All Types", "Persons", "", [
            {"key": "Total", "columns": cells(["Both", "Males", "Females"], [str(900 * n), str(400 * n), str(500 * n)])}
        ])
        for n in range(1, 31)
    ]  # fmt: skip
    tables = [
        time_series("M900001", "GDP", "Quarterly", short),
        time_series("M900002", LONG_TITLE.strip(), "Monthly", many, "A footnote. " * 40),
        time_series("M900003", "A Table Without a Number", "Annual", missing),
        time_series("M900004", NASTY, "Annual", nasty, NASTY),
        time_series("M900005", "Balance of Trade", "Annual", gaps),
        time_series("M900006", "Population on Census Day", "Monthly", one),
        time_series("M900007", "Always the Same", "Annual", [Row("1", "A", "Index", "", cells(["2025"], ["1"]))]),
        time_series("M900008", "Soon Retired", "Annual", [Row("1", "A", "Index", "", cells(["2025"], ["1"]))]),
        cross_section("17560", "Residents by Age Group and Sex", people),
    ]
    return {table.id: table for table in tables}


def revise(tables: dict[str, Table]) -> None:
    """A second vintage of all but one, which stays, and another, which is gone."""
    quarter = {("1", "2025 1Q"): "120.5", ("1", "2024 4Q"): "119", ("1", "2010 1Q"): None, ("1", "2025 2Q"): "131"}
    tables["M900001"].revise(SECOND, quarter)
    months_of_all = {(f"1.{n}", "2025 Dec"): "77.7" for n in range(1, 201)}
    tables["M900002"].revise(SECOND, {**months_of_all, ("1.1", "2026 Jan"): "40"})
    tables["M900003"].revise(SECOND, {("1", "2021"): "na"})
    tables["M900004"].revise(SECOND, {("1", "2024"): "2.5", ("2", "2026"): "-0.75"})
    tables["M900005"].revise(SECOND, {("1", "2020"): "2.5", ("1", "2026"): "na"})
    tables["M900006"].revise(SECOND, {})
    tables["17560"].revise(SECOND, {("2", "Total", "Both"): "2400", ("3", "Total", "Both"): "2100"})
    del tables["M900008"]
