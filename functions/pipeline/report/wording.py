"""Dates, exact numbers, citations and chart descriptions of the report."""

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

from pipeline.publication.identity import Change as LabelChange
from pipeline.publication.record import Publication
from pipeline.report.content import Change, Chart, Comparison, TableReport
from pipeline.report.series import is_percentage
from pipeline.wording import quantity

SINGAPORE = timezone(timedelta(hours=8))
STATISTICS = "Singapore Department of Statistics"
LICENCE = "Singapore Open Data Licence v1.0"
LICENCE_URL = "https://data.gov.sg/open-data-licence"
TABLES_URL = "https://tablebuilder.singstat.gov.sg/table"
MINUS = "\u2212"
LABEL_CHANGES: dict[LabelChange, str] = {
    "renumbered": "renumbered",
    "label": "renamed",
    "unit": "with another unit",
    "footnote": "with another footnote",
}


def day(iso: str) -> str:
    """`2026-07-24` as 24 Jul 2026."""
    return _day(date.fromisoformat(iso))


def singapore_time(iso: str) -> str:
    """An ISO time in Singapore time."""
    local = datetime.fromisoformat(iso).astimezone(SINGAPORE)
    return f"{_day(local)}, {local:%H:%M} Singapore time"


def number(value: Decimal) -> str:
    """A number with all its digits and thousands separators."""
    return f"{value:,f}".replace("-", MINUS)


def signed(value: Decimal) -> str:
    """A difference with its sign; zero has none."""
    return f"+{number(value)}" if value > 0 else number(value if value else abs(value))


def change(each: Change, unit: str) -> str:
    """A change in per cent, in points of a percentage, or as it is: `+2.3%`, `+0.4 points`, `+12`."""
    if each.percent is not None:
        return f"{signed(each.percent)}%"
    return signed(each.absolute) + (" points" if is_percentage(unit) else "")


def changes(table: TableReport) -> str:
    """The changes of the headline, the one on the year first: `+2.3% on the year, +0.1% on the month`."""
    if table.move is None:
        return ""
    row, names = table.move.row, [name.removeprefix("change ") for name in table.values.columns]
    found = [f"{change(each, row.unit)} {name}" for name, each in zip(names, row.changes, strict=True) if each]
    return ", ".join(reversed(found))


def table_url(table: TableReport | Publication) -> str:
    """The table's page on SingStat Table Builder."""
    return f"{TABLES_URL}/{'CT' if table.frequency == 'cross_sectional' else 'TS'}/{table.table_id}"


def agency(name: str) -> str:
    """An agency's name in title case; SingStat writes it in capitals, with its acronym in parentheses."""
    small = {"And", "Of", "The", "For", "In"}
    words = name.title().split() if name.isupper() else name.split()
    words = [word.upper() if word.startswith("(") else word for word in words]
    return " ".join(word.lower() if number and word in small else word for number, word in enumerate(words))


def citation(table: TableReport | Publication) -> str:
    """How to cite the table: agency, title, table, vintage, date of access, licence."""
    author = agency(table.source_agency) or STATISTICS
    publisher = "" if author == STATISTICS else f"{STATISTICS}, "
    accessed = _day(datetime.fromisoformat(table.fetched_at).astimezone(SINGAPORE))
    return (
        f"{author}. {table.title} [table {table.table_id}]. {publisher}SingStat Table Builder, "
        f"vintage {day(table.vintage)}, accessed {accessed}. {table_url(table)}. {LICENCE}."
    )


def label_changes(comparison: Comparison) -> str:
    """How many series changed in what: `3 renumbered, 1 with another unit`."""
    counts = comparison.label_counts
    return ", ".join(f"{counts[kind]:,} {text}" for kind, text in LABEL_CHANGES.items() if kind in counts)


def legend(chart: Chart) -> str:
    """The legend of a chart: solid for its vintage, dashed for the previous one."""
    first, last = chart.marks[0].label, chart.marks[-1].label
    each = "row" if chart.column else "column"
    bars = f"the first {len(chart.marks)} {each}s" if chart.omitted else f"one bar per {each}"
    periods = first if first == last else f"{first} to {last}"
    solid = f"Vintage of {day(chart.vintage)}, {periods if chart.step else bars}."
    where = "" if chart.step else " where it differs"
    if not chart.previous:
        return solid
    lighter = f" Lighter: {quantity(len(chart.earlier), 'earlier vintage')}." if chart.earlier else ""
    return f"{solid} Dashed: vintage of {chart.previous_label}{where}.{lighter}"


def alt_text(chart: Chart) -> str:
    """A chart in words, for screen readers."""
    known = [mark for mark in chart.marks if mark.value is not None]
    shown = f"{chart.name}, {chart.table}" + (f", in {chart.unit}" if chart.unit else "")
    previous = f" The previous vintage, {chart.previous_label}, is drawn dashed." if chart.previous else ""
    if not chart.step:
        bars = "; ".join(f"{mark.label} {number(mark.value)}" for mark in known if mark.value is not None)
        return f"Bar chart: {shown}. {bars}.{previous}"
    first, last = known[0], known[-1]
    return f"Line chart: {shown}. From {first.value} in {first.label} to {last.value} in {last.label}.{previous}"


def _day(when: date) -> str:
    return f"{when.day} {when:%b %Y}"
