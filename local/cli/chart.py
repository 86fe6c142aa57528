"""A series of a published table with its earlier editions, as a chart of the report."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.publication.identity import Labels, match
from pipeline.publication.record import Publication
from pipeline.rendering import templates
from pipeline.report import wording
from pipeline.report.content import MAX_BARS, Chart, Mark
from pipeline.report.series import Series, cell_name, marks, parse_cell, step
from pipeline.table import schema
from pipeline.table.observations import Observation

from local.cli.names import UnknownSeries, close, published
from local.cli.revisions import only
from local.cloud.sql import athena
from local.cloud.sql.catalogue import PUBLISHED, load
from local.cloud.sql.order import BY_COLUMN, IN_TIME, SERIES

MOST_NAMED = 5


class Drawn(NamedTuple):
    """A chart with the table that it is of: its series, the observations of the one drawn, and those behind them."""

    chart: Chart
    table: Publication
    known: list[Labels]
    labels: Labels
    series: Series
    previous: Series


def read(lake: Path, table_id: str, wanted: str | None) -> Drawn:
    """The chart of a series of a published table, as `of` makes it.

    Raises `NothingPublished`, `UnknownTable` or `UnknownSeries`, with what was probably meant; `UnknownSeries` also if
    the series has no number to draw.
    """
    drawn = of(lake, published(lake, table_id), wanted)
    if not has_number(drawn.chart):
        raise UnknownSeries(f"{table_id} has no number in series {drawn.labels.series_no}")
    return drawn


def of(lake: Path, table: Publication, wanted: str | None) -> Drawn:
    """The chart of a series, given by its number or words of its label; of the first that has a number by default.

    In a cross-sectional table it has a bar for each column. Editions before that of `table` that have other values are
    behind it. Raises `UnknownSeries`, with what was probably meant.
    """
    table_id = table.table_id
    names = [each.edition for each in table.editions if each.frequency == table.frequency]
    names = names[: names.index(table.edition) + 1]  # none that a rollback withdrew
    catalogue = only(load(lake), {(table_id, name) for name in names})
    with athena.session(catalogue, PUBLISHED, lake, lake) as (con, translate):
        rows = translate(f"SELECT * FROM {table.frequency}_vintages")  # noqa: S608 - of the publication's record
        con.execute(f"CREATE TEMP VIEW cells AS {rows}")
        known = _labels(con, names)
        current = known[table.edition]
        chosen = _chosen(current, wanted, table) if wanted else _first(con, current, table.edition)
        editions: dict[str, Series] = {}
        for name in names:
            number = match(known[name], current).get(chosen.series_no)
            if any((each.series_no, each.unit) == (number, chosen.unit) for each in known[name]):
                editions[name] = _series(con, table, name, chosen._replace(series_no=str(number)))
    chart, previous = _chart(table, chosen, editions)
    return Drawn(chart, table, current, chosen, editions[table.edition], editions[previous] if previous else [])


def has_number(chart: Chart) -> bool:
    """Whether there is anything to draw."""
    return any(mark.value is not None for mark in chart.marks)


def image(drawn: Drawn, suffix: str) -> bytes:
    """The chart as a file that ends in `.png`, `.svg` or `.html`."""
    from pipeline.report import charts  # noqa: PLC0415 - the terminal needs no images

    if suffix == ".png":
        return charts.png(drawn.chart)
    if suffix == ".svg":
        return charts.standalone_svg(drawn.chart).encode()
    page = templates.load(Path(__file__).with_suffix(".html"))
    widths = {"wide": charts.WIDE, "narrow": charts.NARROW}
    shown = {"chart": drawn.chart, "table": drawn.table, "wording": wording}
    return page.render(shown, widths=widths, chart_svg=charts.svg).encode()


def _labels(con: Any, names: Sequence[str]) -> dict[str, list[Labels]]:
    """The series of each edition in their order."""
    known: dict[str, list[Labels]] = {name: [] for name in names}
    found = con.execute(
        f"SELECT DISTINCT edition, series_no, series, unit, footnote FROM cells ORDER BY {SERIES}"  # noqa: S608
    )
    for edition, *labels in found.fetchall():
        known[edition].append(Labels(*labels))
    return known


def _first(con: Any, labels: Sequence[Labels], edition: str) -> Labels:
    """The first series that has a number, or the first."""
    found = con.execute(
        f"SELECT series_no FROM cells WHERE edition = $edition AND value IS NOT NULL ORDER BY {SERIES} LIMIT 1",  # noqa: S608
        {"edition": edition},
    ).fetchone()
    return next(each for each in labels if found is None or each.series_no == found[0])


def _series(con: Any, table: Publication, edition: str, labels: Labels) -> Series:
    """The observations of a series in an edition."""
    cross = table.frequency == "cross_sectional"
    columns = schema.LEVELS if cross else schema.PERIOD
    texts = ", ".join(f"CAST({column} AS VARCHAR) AS {column}" for column in [*columns, "value_text"])
    found = con.execute(
        f"SELECT {texts} FROM cells WHERE edition = $edition AND series_no = $series_no"  # noqa: S608
        f" ORDER BY {BY_COLUMN if cross else IN_TIME}",
        {"edition": edition, "series_no": labels.series_no},
    )
    names = [name for name, *_ in found.description]
    blank = dict.fromkeys(Observation.__struct_fields__, "") | labels._asdict() | {"table_id": table.table_id}
    return [Observation(**blank | dict(zip(names, row, strict=True))) for row in found.fetchall()]


def _chosen(labels: Sequence[Labels], wanted: str, table: Publication) -> Labels:
    """The series with this number, this label, or the only one with these words in its label."""
    folded, words = wanted.casefold(), wanted.casefold().split()
    exact = [each for each in labels if wanted == each.series_no or folded == each.series.casefold()]
    found = exact[:1] or [each for each in labels if all(word in each.series.casefold() for word in words)]
    if len(found) == 1:
        return found[0]
    alike = close(wanted, [each.series for each in labels])
    meant = found or [each for each in labels if each.series in alike]
    named = ", ".join(f"{each.series_no} ({each.series})" for each in meant[:MOST_NAMED])
    more = f" and {len(meant) - MOST_NAMED:,} more" if len(meant) > MOST_NAMED else ""
    if found:
        raise UnknownSeries(f"{wanted} is in {len(found):,} series of {table.table_id}: {named}{more}")
    advice = (
        f"did you mean {named}?" if named else f"it has {', '.join(each.series_no for each in labels[:MOST_NAMED])}"
    )
    raise UnknownSeries(f"{table.table_id} has no series {wanted}: {advice}")


def _chart(table: Publication, chosen: Labels, editions: dict[str, Series]) -> tuple[Chart, str]:
    """The chart, and the name of the edition that it calls previous, "" for none."""
    previous = ""
    *older, (_, series) = editions.items()
    chart = Chart(
        name=chosen.series,
        table=table.title,
        unit=chosen.unit,
        step=step(series, table.frequency),
        vintage=table.vintage,
    )
    if not chart.step:
        chart.marks = _bars(series, series)[:MAX_BARS]
        chart.omitted = len(series) - len(chart.marks)
    else:
        chart.marks = marks(series)
    for name, before in reversed(older):
        drawn = marks(before) if chart.step else _bars(series, before)[:MAX_BARS]
        newer = [*chart.earlier, chart.previous or chart.marks][-1]
        if not _revised(drawn, newer):
            continue
        if not chart.previous:
            previous, vintage = name, name.rpartition(".")[0]
            chart.previous, chart.previous_label = (
                drawn,
                wording.day(vintage) + (" (earlier)" * (vintage == table.vintage)),
            )
        elif chart.step:
            chart.earlier.append(drawn)
    return chart, previous


def _bars(series: Series, values: Series) -> list[Mark]:
    """A bar for each column of `series`, as long as the number there in `values`."""
    texts = {cell_name(each): each.value_text for each in values}
    return [Mark(cell_name(each), "", parse_cell(texts.get(cell_name(each), "")).value) for each in series]


def _revised(before: Sequence[Mark], now: Sequence[Mark]) -> bool:
    """Whether a number of the earlier edition is another, or missing, in the later one."""
    values = {mark.label: mark.value for mark in now}
    return any(mark.value is not None and values.get(mark.label) != mark.value for mark in before)
