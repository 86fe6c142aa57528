"""One table in one of its editions: a series of it, all its series, and what the edition changed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace
from pipeline.publication.record import Edition, Publication, complete_editions, publication_of
from pipeline.report import wording
from pipeline.report.content import Cell, Chart, Mark
from pipeline.report.series import YEAR, Series, cell_name, change, change_names, months, parse_cell
from pipeline.table.manifest import Manifest
from pipeline.table.observations import Observation

from local.cli import chart, names, revisions
from local.cli.browse import published
from local.cli.browse.asked import Asked, Paging, Periods, periods
from local.cloud.sql import athena
from local.cloud.sql.catalogue import PUBLISHED, load
from local.cloud.sql.order import SERIES

ON_A_PAGE = 50
REVISED = """
SELECT r.series_no, r.series, u.unit, r.cell, r.kind, r.old_text, r.new_text FROM revisions r
LEFT JOIN (SELECT DISTINCT edition, series_no, unit FROM {vintages}) u
  ON u.edition = r.edition AND u.series_no = r.series_no"""
BY_TIME = "try_strptime(cell, '%Y %b') DESC, cell DESC"  # the text of a month does not sort by time


class Opened(NamedTuple):
    """A table in the edition of `record`. `current` names the one that readers see; `editions` are the oldest first."""

    record: Publication
    manifest: Manifest
    current: str
    editions: list[Edition]

    @property
    def vintages(self) -> str:
        """The published table that has the rows of every edition."""
        return f"{self.record.frequency}_vintages"

    @property
    def before(self) -> Edition | None:
        """The edition before it; None for the first."""
        place = [each.edition for each in self.editions].index(self.record.edition)
        return self.editions[place - 1] if place else None


class Row(NamedTuple):
    """An observation: its period or columns, its cell, its change on the year, and the cell before it was revised."""

    name: str
    cell: Cell
    change: str
    before: Cell | None


class Shown(NamedTuple):
    """A series of a table within some periods. `chart` is None if it has no number there."""

    drawn: chart.Drawn
    chart: Chart | None
    rows: list[Row]
    change_name: str

    @property
    def periods(self) -> list[str]:
        """All periods of the series, the newest first."""
        return [each.period for each in reversed(self.drawn.series)]


class Latest(NamedTuple):
    """A series with its last observation, or in a cross-section its first, and the number of its observations."""

    series_no: str
    series: str
    unit: str
    name: str
    cell: Cell
    observations: int


class Revised(NamedTuple):
    """A row of the `revisions` view. `unit` is the series' unit now, None if it is gone."""

    series_no: str
    series: str
    unit: str | None
    cell: str
    kind: str
    old: Cell | None
    new: Cell | None

    @property
    def difference(self) -> Decimal | None:
        """The new number less the old one; None if there are not both."""
        found = self.old and self.new and change(self.new, self.old, "")
        return found.absolute if found else None


def opened(lake: Path, table_id: str, edition: str = "") -> Opened:
    """A table in the edition that readers see, or in another one.

    Raises `NothingPublished`, `UnknownTable`, `UnknownEdition`, and `RuntimeError` if a record cannot be read or the
    table is being published at this moment.
    """
    known = load(lake).databases.get(PUBLISHED, {})  # read before the record, which is written first
    record = names.published(lake, table_id)
    locations = {table.partitions.get((table_id,)) for table in known.values()}
    seen = next((each for each in record.editions if each.location in locations), None)
    if seen is None:
        raise RuntimeError(f"{table_id} is being published right now: try again")
    editions = complete_editions(record)
    place = revisions.position([each.edition for each in editions], edition or seen.edition)
    chosen = editions[place]
    manifest = published.manifest(lake, table_id, chosen.frequency, chosen.run_id)
    return Opened(publication_of(chosen, editions, manifest), manifest, seen.edition, editions)


def shown(lake: Path, table: Opened, asked: Asked) -> Shown:
    """The series that is asked for within the periods that are; of a time series the newest observation first.

    Raises `UnknownSeries`, and `AddressInvalid` as `periods`.
    """
    wanted = periods(asked, table.record.frequency)
    drawn = chart.of(lake, table.record, asked.series or None)
    step, before = drawn.chart.step, {cell_name(each): each.value_text for each in drawn.previous}
    changes = _changes(drawn.series, max(step, YEAR)) if step else {}
    rows = [
        Row(name := cell_name(each), parse_cell(each.value_text), changes.get(name, ""), _old(before, each))
        for each in drawn.series
        if each.period_start in wanted
    ]
    part = _part(drawn.chart, wanted)
    heading = change_names(max(step, YEAR))[0] if step else ""
    return Shown(drawn, part if chart.has_number(part) else None, rows[::-1] if step else rows, heading)


def series(lake: Path, table: Opened, asked: Asked) -> tuple[list[Latest], Paging]:
    """The series with all the words that are asked for in their labels, a page of them."""
    cross = table.record.frequency == "cross_sectional"
    pick, order = ("min", "[column_1, column_2, column_3, column_4, column_5]") if cross else ("max", "period_start")
    name = "concat_ws(' / ', column_1, column_2, column_3, column_4, column_5)" if cross else "period"
    words = asked.q.lower().split()
    having = " AND ".join(f"contains(lower(series), ${number})" for number, _ in enumerate(words, start=1)) or "true"
    with reading(lake, table, [table.record.edition]) as (con, rows):
        con.execute(
            f"CREATE TEMP TABLE found AS SELECT series_no, series, unit, arg_{pick}({name}, {order}) AS name,"  # noqa: S608
            f" arg_{pick}(value_text, {order}) AS value_text, count(*) AS observations"
            f" FROM {rows} WHERE {having} GROUP BY series_no, series, unit",
            words,
        )
        paging = Paging(asked.page, ON_A_PAGE, con.execute("SELECT count(*) FROM found").fetchone()[0])
        page = con.execute(f"FROM found ORDER BY {SERIES} LIMIT {paging.size} OFFSET {paging.start}").fetchall()
    return [
        Latest(number, label, unit, last, parse_cell(text), count) for number, label, unit, last, text, count in page
    ], paging


def revised(lake: Path, table: Opened, asked: Asked) -> tuple[dict[str, int], list[Revised], Paging]:
    """What the edition changed in the one before: numbers by kind, and a page of the cells and labels."""
    compared = [table.before.edition, table.record.edition] if table.before else []
    with reading(lake, table, compared, REVISED.format(vintages=table.vintages)) as (con, rows):
        con.execute(f"CREATE TEMP TABLE found AS FROM {rows}")
        counts = dict(con.execute("SELECT kind, count(*) FROM found GROUP BY kind ORDER BY count(*) DESC").fetchall())
        paging = Paging(asked.page, ON_A_PAGE, sum(counts.values()))
        page = con.execute(
            f"FROM found ORDER BY {SERIES}, {BY_TIME}, kind LIMIT {paging.size} OFFSET {paging.start}"
        ).fetchall()
    cells = [(*row, *(None if text is None else parse_cell(text) for text in (old, new))) for *row, old, new in page]
    return counts, [Revised(*cell) for cell in cells], paging


@contextmanager
def reading(
    lake: Path, table: Opened, editions: Sequence[str], sql: str = "", folder: Path | None = None
) -> Iterator[tuple[Any, str]]:
    """A DuckDB connection that may write to `folder`, and in its SQL the rows of the editions, or of Athena's `sql`."""
    catalogue = revisions.only(load(lake), {(table.record.table_id, each) for each in editions})
    with athena.session(catalogue, PUBLISHED, lake, folder or lake) as (con, translate):
        yield con, f"({translate(sql or f'SELECT * FROM {table.vintages}')})"  # noqa: S608 - its name has no quotes


def _changes(series: Series, lag: int) -> dict[str, str]:
    """The changes of the values on those `lag` months earlier, by period."""
    cells = {months(each.period_start): parse_cell(each.value_text) for each in series}
    found = {}
    for each in series:
        now = months(each.period_start)
        if now - lag in cells and (difference := change(cells[now], cells[now - lag], each.unit)):
            found[cell_name(each)] = wording.change(difference, each.unit)
    return found


def _old(before: dict[str, str], now: Observation) -> Cell | None:
    """The cell behind an observation, if it has another text."""
    text = before.get(cell_name(now), now.value_text)
    return None if text == now.value_text else parse_cell(text)


def _part(whole: Chart, wanted: Periods) -> Chart:
    """The chart of these periods."""

    def within(marks: list[Mark]) -> list[Mark]:
        return [mark for mark in marks if mark.start in wanted]

    previous = within(whole.previous)
    return replace(
        whole,
        marks=within(whole.marks),
        previous=previous,
        previous_label=whole.previous_label if previous else "",
        earlier=[each for marks in whole.earlier if (each := within(marks))],
    )
