"""Charts of a table as SVG for the page and PNG for elsewhere."""

import math
import textwrap
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from pipeline.rendering import drawing
from pipeline.rendering.drawing import LIGHT, STAND_INS, Colours
from pipeline.report.content import Chart, Drawing, Mark
from pipeline.report.ticks import at, broken, date_ticks
from pipeline.report.wording import STATISTICS, day, in_words, legend, number

WIDE, NARROW, ALONE = 720, 344, 960  # in points: of the page on a desk, on a telephone, and of the PNG
LINE_HEIGHT, BAR_HEIGHT = 324, 48
LETTER, GAP = 6.6, 17.0  # the width of a letter and the distance of two lines of text, in points
FEW_MARKS, FEW_RINGS = 16, 12
DASHES = (0, (4, 3))


class Free(NamedTuple):
    top: int
    bottom: int
    side: int


class Sheet:
    """A figure with one pair of axes; all lengths are in points."""

    def __init__(self, chart: Chart, width: int, colours: Colours, free: Free) -> None:
        """Everything but the title and the source, for which there is room left `free`."""
        self.chart, self.colours, self.width = chart, colours, width
        self.top, self.bottom, self.side = free
        top, bottom, _ = free
        self.height = top + bottom + (LINE_HEIGHT if chart.step else BAR_HEIGHT * len(chart.marks) + 24)
        self.figure = drawing.figure(width, self.height)
        self.axes = drawing.bare_axes(self.figure, (0, 0, 1, 1))
        self.axes.tick_params(length=0, colors=colours.muted)
        (_draw_line if chart.step else _draw_bars)(self)

    def place(self, left: float, right: float, below: float, above: float) -> None:
        """Leave so much room around the axes, and write the unit over them."""
        left, right = left + self.side, right + self.side
        self.inner_width = self.width - left - right
        self.inner_height = self.height - self.top - self.bottom - below - above
        across, up = 1 / self.width, 1 / self.height
        start, floor = left * across, (self.bottom + below) * up
        self.axes.set_position((start, floor, self.inner_width * across, self.inner_height * up))
        unit = textwrap.shorten(self.chart.unit, 60, placeholder="…")
        self.write(unit, self.top + 14, color=self.colours.muted)

    def write(self, text: str, down: float, **style: object) -> None:
        """Text at the left edge, so far from the top."""
        self.figure.text(self.side / self.width, 1 - down / self.height, text, **style)  # type: ignore[arg-type]


def draw(chart: Chart, name: str) -> Drawing:
    """The chart for the page; `name` sets its ids apart from those of the page's other charts."""
    wide, narrow = (_svg(chart, width, f"{name}-{width}-") for width in (WIDE, NARROW))
    return Drawing(chart.name, legend(chart), wide, narrow, in_words(chart))


def png(chart: Chart) -> bytes:
    """The chart as a picture of its own, with its title and source."""
    name, table = _wrapped(chart.name, 70), _wrapped(chart.table, 86)
    source = _wrapped(f"{STATISTICS}, SingStat Table Builder. {legend(chart)}", 120)
    top, bottom = 30 + 24 * len(name) + 20 * len(table), 18 + 16 * len(source)
    sheet = Sheet(chart, ALONE, LIGHT, Free(top, bottom, side=24))
    for line, text in enumerate(name):
        sheet.write(text, 36 + 24 * line, fontsize=17, weight="bold", color=LIGHT.ink)
    for line, text in enumerate(table):
        sheet.write(text, 34 + 24 * len(name) + 20 * line, fontsize=13, color=LIGHT.muted)
    for line, text in enumerate(source):
        sheet.write(text, sheet.height - bottom + 16 + 16 * line, fontsize=11, color=LIGHT.muted)
    return drawing.png(sheet.figure)


def _svg(chart: Chart, width: int, prefix: str) -> str:
    return drawing.svg(Sheet(chart, width, STAND_INS, Free(0, 0, side=2)).figure, prefix)


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, max_lines=3, placeholder=" …")


def _draw_line(sheet: Sheet) -> None:
    chart, axes, colours = sheet.chart, sheet.axes, sheet.colours
    _plot(axes, chart.before, chart.step, colours.before, ring=True)
    _plot(axes, chart.marks, chart.step, colours.accent, ring=False)
    _draw_rings(sheet)
    axes.margins(x=0.015, y=0.08)
    axes.grid(axis="y", color=colours.grid, lw=0.8)
    axes.spines["bottom"].set(visible=True, color=colours.muted, lw=0.8)
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _tick(value)))
    longest = max(len(_tick(value)) for value in axes.get_yticks())
    widest = max(map(len, (_last_known(chart), day(chart.vintage), chart.before_label)))
    sheet.place(left=LETTER * longest + 8, right=LETTER * widest + 12, below=24, above=28)
    alone = ([at(chart.marks[0])], [chart.marks[0].label])
    axes.set_xticks(*(alone if len(chart.marks) == 1 else date_ticks(*axes.get_xlim(), int(sheet.inner_width / 50))))
    _write_ends(sheet)


def _plot(axes: Axes, marks: Sequence[Mark], step: int, colour: str, *, ring: bool) -> None:
    """A line that breaks where a value is missing, with points where a line cannot show them."""
    x, y = broken(marks, step)
    axes.plot(x, y, color=colour, lw=1.6 if ring else 2.2, ls=DASHES if ring else "-", zorder=2 if ring else 3)
    around = [math.nan, *y, math.nan]
    alone = [n for n in range(len(y)) if math.isnan(around[n]) and math.isnan(around[n + 2])]
    shown = range(len(y)) if len(y) <= FEW_MARKS else alone
    _points(axes, [x[n] for n in shown], [y[n] for n in shown], colour, ring=ring)


def _points(axes: Axes, x: Sequence[float], y: Sequence[float], colour: str, *, ring: bool) -> None:
    face = "none" if ring else colour
    axes.plot(x, y, ls="", marker="o", ms=5, mfc=face, mec=colour, mew=1.2, zorder=4)


def _draw_rings(sheet: Sheet) -> None:
    """Rings at the numbers of the vintage before that are others now, unless they would hide the line."""
    now = {mark.start: mark.value for mark in sheet.chart.marks}
    found = [mark for mark in sheet.chart.before if mark.value is not None and now.get(mark.start) != mark.value]
    if len(found) <= FEW_RINGS:
        x, y = [at(mark) for mark in found], [float(mark.value or 0) for mark in found]
        _points(sheet.axes, x, y, sheet.colours.before, ring=True)


def _tick(value: float) -> str:
    return number(Decimal(f"{value:.10g}"))


def _last(marks: Sequence[Mark]) -> Mark | None:
    return next((mark for mark in reversed(marks) if mark.value is not None), None)


def _last_known(chart: Chart) -> str:
    """The last number; with its period, when it is not the last period."""
    last = _last(chart.marks)
    if last is None or last.value is None:
        return ""
    return number(last.value) + ("" if last is chart.marks[-1] else f" in {last.label}")


def _write_ends(sheet: Sheet) -> None:
    """Beside the ends of the lines their vintages, and the last number; one below the other."""
    chart, axes, colours = sheet.chart, sheet.axes, sheet.colours
    low, high = axes.get_ylim()
    gap = GAP * (high - low) / sheet.inner_height
    last, last_before = _last(chart.marks), _last(chart.before)
    now = float(last.value or 0) if last else 0.0
    lines = [(_last_known(chart), now + gap / 2, colours.accent, "bold")]
    lines.append((day(chart.vintage), now - gap / 2, colours.accent, "normal"))
    if last_before:
        old = float(last_before.value or 0)
        place = max(old, now + 1.5 * gap) if old > now else min(old, now - 1.5 * gap)
        lines.append((chart.before_label, place, colours.before, "normal"))
    lift = max(0.0, low - min(y for _, y, _, _ in lines))
    for text, y, colour, weight in lines:
        spot = (axes.get_xlim()[1], y + lift)
        axes.annotate(text, spot, (8, 0), textcoords="offset points", va="center", color=colour, weight=weight,
                      annotation_clip=False)  # fmt: skip


def _draw_bars(sheet: Sheet) -> None:
    chart, axes, colours = sheet.chart, sheet.axes, sheet.colours
    before = chart.before or [Mark(mark.label, "", None) for mark in chart.marks]
    sheet.place(left=0, right=70, below=0, above=20)
    for place, (mark, old) in enumerate(zip(chart.marks, before, strict=True)):
        length, old_length = float(mark.value or 0), float(old.value or 0)
        axes.barh(place, length, height=0.36, color=colours.accent, zorder=2)
        if old.value not in (None, mark.value):
            axes.barh(place, old_length, height=0.46, fill=False, edgecolor=colours.before, ls=DASHES, zorder=3)
        figure = "missing" if mark.value is None else number(mark.value)
        axes.annotate(figure, (max(length, old_length, 0), place), (6, 0), textcoords="offset points", va="center",
                      color=colours.ink, weight="bold")  # fmt: skip
        label = textwrap.shorten(mark.label, int(sheet.width / LETTER), placeholder="…")
        axes.annotate(label, (0, place), (0, 19), xycoords=("axes fraction", "data"), textcoords="offset points",
                      va="center", color=colours.ink)  # fmt: skip
    if any((mark.value or 0) < 0 for mark in (*chart.marks, *before)):
        axes.axvline(0, color=colours.muted, lw=0.8)
    axes.margins(x=0)
    axes.set(ylim=(len(chart.marks) - 0.5, -0.7), xticks=[], yticks=[])
