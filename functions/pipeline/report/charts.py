"""The chart of a table as SVG for the page and as PNG. Lengths are in points."""

import math
import textwrap
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from pipeline.rendering.drawing import LIGHT, PLACEHOLDERS, Canvas, Colours
from pipeline.report.content import Chart, Mark
from pipeline.report.ticks import date_ticks, line_points, start_year
from pipeline.report.wording import STATISTICS, day, legend, number

WIDE, NARROW, PNG = 720, 344, 960  # widths on a desktop, on a phone, and of the PNG
LINE_HEIGHT, BAR_HEIGHT = 324, 48
LETTER, LINE = 6.6, 17.0  # width of a letter, height of a line of text
FEW_MARKS, FEW_RINGS = 16, 12
DASHES = (0, (4, 3))


class Margins(NamedTuple):
    """Space around a chart for its title, its source and its sides."""

    top: int
    bottom: int
    side: int


class Panel:
    """A chart on a canvas of its own."""

    def __init__(self, chart: Chart, width: int, colours: Colours, margins: Margins) -> None:
        """Draw everything but the title and the source."""
        self.chart, self.colours, self.margins = chart, colours, margins
        plot = LINE_HEIGHT if chart.step else BAR_HEIGHT * len(chart.marks) + 24
        self.canvas = Canvas(width, margins.top + margins.bottom + plot)
        self.axes = self.canvas.axes(0, 0, self.canvas.width, self.canvas.height)
        self.axes.tick_params(length=0, colors=colours.muted)
        (_draw_line if chart.step else _draw_bars)(self)

    def set_padding(self, left: float, right: float, above: float, below: float) -> None:
        """Position the axes within the margins, and write the unit above them."""
        top, bottom, side = self.margins
        self.inner_width = self.canvas.width - 2 * side - left - right
        self.inner_height = self.canvas.height - top - bottom - above - below
        self.canvas.move(self.axes, side + left, top + above, self.inner_width, self.inner_height)
        unit = textwrap.shorten(self.chart.unit, 60, placeholder="…")
        self.canvas.text(side, top + 14, unit, color=self.colours.muted)


def svg(chart: Chart, width: int, prefix: str) -> str:
    """The chart in the colours of the page; `prefix` keeps its ids distinct from those of other charts."""
    return Panel(chart, width, PLACEHOLDERS, Margins(0, 0, side=2)).canvas.svg(f"{prefix}-{width}-")


def png(chart: Chart) -> bytes:
    """The chart as a standalone image, with its title and source."""
    name, table = _wrap(chart.name, 70), _wrap(chart.table, 86)
    source = _wrap(f"{STATISTICS}, SingStat Table Builder. {legend(chart)}", 120)
    top, bottom, side = 30 + 24 * len(name) + 20 * len(table), 18 + 16 * len(source), 24
    canvas = Panel(chart, PNG, LIGHT, Margins(top, bottom, side)).canvas
    for line, text in enumerate(name):
        canvas.text(side, 36 + 24 * line, text, fontsize=17, weight="bold", color=LIGHT.ink)
    for line, text in enumerate(table):
        canvas.text(side, 34 + 24 * len(name) + 20 * line, text, fontsize=13, color=LIGHT.muted)
    for line, text in enumerate(source):
        canvas.text(side, canvas.height - bottom + 16 + 16 * line, text, fontsize=11, color=LIGHT.muted)
    return canvas.png()


def _wrap(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, max_lines=3, placeholder=" …")


def _draw_line(panel: Panel) -> None:
    chart, axes, colours = panel.chart, panel.axes, panel.colours
    _plot(axes, chart.previous, chart.step, colours.before, previous=True)
    _plot(axes, chart.marks, chart.step, colours.accent, previous=False)
    _draw_rings(panel)
    axes.margins(x=0.015, y=0.08)
    axes.grid(axis="y", color=colours.grid, lw=0.8)
    axes.spines["bottom"].set(visible=True, color=colours.muted, lw=0.8)
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _tick(value)))
    longest = max(len(_tick(value)) for value in axes.get_yticks())
    widest = max(map(len, (_last_value(chart), day(chart.vintage), chart.previous_label)))
    panel.set_padding(left=LETTER * longest + 8, right=LETTER * widest + 12, above=28, below=24)
    if len(chart.marks) == 1:
        axes.set_xticks([start_year(chart.marks[0])], [chart.marks[0].label])
    else:
        axes.set_xticks(*date_ticks(*axes.get_xlim(), int(panel.inner_width / 50)))
    _label_ends(panel)


def _plot(axes: Axes, marks: Sequence[Mark], step: int, colour: str, *, previous: bool) -> None:
    """A line with gaps at missing values; dots on short series and on values without neighbours."""
    x, y = line_points(marks, step)
    axes.plot(x, y, color=colour, lw=1.6 if previous else 2.2, ls=DASHES if previous else "-", zorder=3 - previous)
    padded = [math.nan, *y, math.nan]
    isolated = [n for n in range(len(y)) if math.isnan(padded[n]) and math.isnan(padded[n + 2])]
    dotted = range(len(y)) if len(y) <= FEW_MARKS else isolated
    _dots(axes, [x[n] for n in dotted], [y[n] for n in dotted], colour, hollow=previous)


def _dots(axes: Axes, x: Sequence[float], y: Sequence[float], colour: str, *, hollow: bool) -> None:
    face = "none" if hollow else colour
    axes.plot(x, y, ls="", marker="o", ms=5, mfc=face, mec=colour, mew=1.2, zorder=4)


def _draw_rings(panel: Panel) -> None:
    """Ring the previous vintage's values that have been revised, unless there are so many that they hide the line."""
    now = {mark.start: mark.value for mark in panel.chart.marks}
    revised = [mark for mark in panel.chart.previous if mark.value is not None and now.get(mark.start) != mark.value]
    if len(revised) <= FEW_RINGS:
        x, y = [start_year(mark) for mark in revised], [float(mark.value or 0) for mark in revised]
        _dots(panel.axes, x, y, panel.colours.before, hollow=True)


def _tick(value: float) -> str:
    return number(Decimal(f"{value:.10g}"))


def _last(marks: Sequence[Mark]) -> Mark | None:
    return next((mark for mark in reversed(marks) if mark.value is not None), None)


def _last_value(chart: Chart) -> str:
    """The last number; with its period if the last period has none."""
    last = _last(chart.marks)
    if last is None or last.value is None:
        return ""
    return number(last.value) + ("" if last is chart.marks[-1] else f" in {last.label}")


def _label_ends(panel: Panel) -> None:
    """Label the ends of the lines with the last value and the vintages, without overlap."""
    chart, axes, colours = panel.chart, panel.axes, panel.colours
    low, high = axes.get_ylim()
    line = LINE * (high - low) / panel.inner_height
    last, last_before = _last(chart.marks), _last(chart.previous)
    now = float(last.value or 0) if last else 0.0
    labels = [(_last_value(chart), now + line / 2, colours.accent, "bold")]
    labels.append((day(chart.vintage), now - line / 2, colours.accent, "normal"))
    if last_before:
        old = float(last_before.value or 0)
        y = max(old, now + 1.5 * line) if old > now else min(old, now - 1.5 * line)
        labels.append((chart.previous_label, y, colours.before, "normal"))
    lift = max(0.0, low - min(y for _, y, _, _ in labels))
    for text, y, colour, weight in labels:
        end = (axes.get_xlim()[1], y + lift)
        axes.annotate(text, end, (8, 0), textcoords="offset points", va="center", color=colour, weight=weight,
                      annotation_clip=False)  # fmt: skip


def _draw_bars(panel: Panel) -> None:
    chart, axes, colours = panel.chart, panel.axes, panel.colours
    previous = chart.previous or [Mark(mark.label, "", None) for mark in chart.marks]
    panel.set_padding(left=0, right=70, above=20, below=0)
    for row, (mark, old) in enumerate(zip(chart.marks, previous, strict=True)):
        length, old_length = float(mark.value or 0), float(old.value or 0)
        axes.barh(row, length, height=0.36, color=colours.accent, zorder=2)
        if old.value not in (None, mark.value):
            axes.barh(row, old_length, height=0.46, fill=False, edgecolor=colours.before, ls=DASHES, zorder=3)
        value = "missing" if mark.value is None else number(mark.value)
        axes.annotate(value, (max(length, old_length, 0), row), (6, 0), textcoords="offset points", va="center",
                      color=colours.ink, weight="bold")  # fmt: skip
        label = textwrap.shorten(mark.label, int(panel.canvas.width / LETTER), placeholder="…")
        axes.annotate(label, (0, row), (0, 19), xycoords=("axes fraction", "data"), textcoords="offset points",
                      va="center", color=colours.ink)  # fmt: skip
    if any((mark.value or 0) < 0 for mark in (*chart.marks, *previous)):
        axes.axvline(0, color=colours.muted, lw=0.8)
    axes.margins(x=0)
    axes.set(ylim=(len(chart.marks) - 0.5, -0.7), xticks=[], yticks=[])
