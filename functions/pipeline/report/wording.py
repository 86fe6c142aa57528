"""The words and figures of the page, for people: dates, exact numbers, citations."""

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

from pipeline.publication.record import Publication
from pipeline.report.content import Chart, TableReport

SINGAPORE = timezone(timedelta(hours=8))
STATISTICS = "Singapore Department of Statistics"
LICENCE = "Singapore Open Data Licence v1.0"
LICENCE_URL = "https://data.gov.sg/open-data-licence"
TABLES_URL = "https://tablebuilder.singstat.gov.sg/table"
MINUS = "\u2212"


def day(iso: str) -> str:
    """`2026-07-24` as 24 Jul 2026."""
    return _day(date.fromisoformat(iso))


def moment(iso: str) -> str:
    """A time as Singapore's clocks showed it."""
    there = datetime.fromisoformat(iso).astimezone(SINGAPORE)
    return f"{_day(there)}, {there:%H:%M} Singapore time"


def number(value: Decimal) -> str:
    """A number with all its digits, grouped by thousands."""
    return f"{value:,f}".replace("-", MINUS)


def signed(value: Decimal) -> str:
    """A difference: always with its sign, but for zero."""
    return f"+{number(value)}" if value > 0 else number(value if value else abs(value))


def address(table: TableReport | Publication) -> str:
    """SingStat's own page of the table."""
    return f"{TABLES_URL}/{'CT' if table.frequency == 'cross_sectional' else 'TS'}/{table.table_id}"


def agency(name: str) -> str:
    """An agency's name, which SingStat writes in capitals, as names are written."""
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
        f"vintage {day(table.vintage)}, accessed {accessed}. {address(table)}. {LICENCE}."
    )


def legend(chart: Chart) -> str:
    """What the marks of a chart are: solid for this vintage, dashed for the one before."""
    first, last = chart.marks[0].label, chart.marks[-1].label
    bars = f"the first {len(chart.marks)} rows" if chart.left_out else "one bar for each row"
    periods = first if first == last else f"{first} to {last}"
    solid = f"Vintage of {day(chart.vintage)}, {periods if chart.step else bars}."
    where = "" if chart.step else ", where it differs"
    return f"{solid} Dashed: vintage of {chart.before_label}{where}." if chart.before else solid


def in_words(chart: Chart) -> str:
    """A chart for those who do not see it."""
    known = [mark for mark in chart.marks if mark.value is not None]
    shown = f"{chart.name}, {chart.table}" + (f", in {chart.unit}" if chart.unit else "")
    behind = f" The vintage before, of {chart.before_label}, is drawn dashed." if chart.before else ""
    if not chart.step:
        bars = "; ".join(f"{mark.label} {number(mark.value)}" for mark in known if mark.value is not None)
        return f"Bar chart: {shown}. {bars}.{behind}"
    first, last = known[0], known[-1]
    return f"Line chart: {shown}. From {first.value} in {first.label} to {last.value} in {last.label}.{behind}"


def _day(of: date) -> str:
    return f"{of.day} {of:%b %Y}"
