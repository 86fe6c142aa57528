"""The chart of a table as SVG for the page and as PNG. Lengths are in points."""

import math
import textwrap
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from pipeline.rendering import drawing
from pipeline.rendering.drawing import LIGHT, PLACEHOLDERS, Colours
from pipeline.report.content import Chart, Mark
from pipeline.report.series import USUAL_MONTHS, months
from pipeline.report.ticks import date_ticks, line_points, start_year
from pipeline.report.wording import STATISTICS, day, legend, number

if TYPE_CHECKING:
    from pipeline.rendering.canvas import Canvas

WIDE, NARROW, PNG = 720, 344, 960  # widths on a desktop, on a phone, and of the PNG
LINE_HEIGHT, BAR_HEIGHT = 324, 48
SPARK = 168, 44
LETTER, LINE = 6.6, 17.0  # width of a letter, height of a line of text
FEW_MARKS, FEW_RINGS = 16, 12
LABEL_GAP = 3.5  # between an axis and its labels
DASHES = (0, (4, 3))
Points = tuple[Sequence[float], Sequence[float]]  # years and values, NaN for a gap


class Margins(NamedTuple):
    """Space around a chart for its title, its source and its sides."""

    top: int
    bottom: int
    side: int


class Scale(NamedTuple):
    """Maps values from `low` to `high` to positions from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


class Panel:
    """A chart on a canvas of its own."""

    def __init__(self, chart: Chart, width: int, colours: Colours, margins: Margins) -> None:
        """Draw everything but the title and the source."""
        self.chart, self.colours, self.margins = chart, colours, margins
        plot = LINE_HEIGHT if chart.step else BAR_HEIGHT * len(chart.marks) + 24
        self.canvas = drawing.canvas(width, margins.top + margins.bottom + plot)
        (_draw_line if chart.step else _draw_bars)(self)

    def set_padding(self, left: float, right: float, above: float, below: float) -> None:
        """Position the plot within the margins, and write the unit above it."""
        top, bottom, side = self.margins
        self.left, self.right = side + left, self.canvas.width - side - right
        self.top, self.bottom = top + above, self.canvas.height - bottom - below
        unit = textwrap.shorten(self.chart.unit, 60, placeholder="…")
        self.canvas.text(side, top + 14, unit, color=self.colours.muted)


def svg(chart: Chart, width: int, prefix: str) -> str:
    """The chart in the colours of the page; `prefix` keeps its ids distinct from those of other charts."""
    return Panel(chart, width, PLACEHOLDERS, Margins(0, 0, side=2)).canvas.svg(f"{prefix}-{width}-")


def spark(chart: Chart, prefix: str) -> str:
    """The last ten years of a line chart as a small line without axes; "" if it has no number in them."""
    since = months(chart.marks[-1].start) - USUAL_MONTHS
    recent = ([mark for mark in marks if months(mark.start) >= since] for marks in (chart.marks, chart.previous))
    now, before = (line_points(marks, chart.step) for marks in recent)
    known = _known(now, before)
    if not known:
        return ""
    canvas = drawing.canvas(*SPARK)
    x = Scale(*_limits([x for x, _ in known], 0.02), 0, canvas.width)
    y = Scale(*_limits([y for _, y in known], 0.1), canvas.height, 0)
    for points, colour, previous in ((before, PLACEHOLDERS.before, True), (now, PLACEHOLDERS.accent, False)):
        _plot(canvas, [x(each) for each in points[0]], [y(each) for each in points[1]], colour, previous=previous)
    return canvas.svg(f"{prefix}-spark-")


def png(chart: Chart) -> bytes:
    """The chart as a standalone image, with its title and source."""
    return _standalone(chart).png()


def standalone_svg(chart: Chart) -> str:
    """The same image as a file of its own, on white."""
    canvas = _standalone(chart)
    canvas.box(0, 0, canvas.width, canvas.height, color=LIGHT.paper, zorder=-1)
    return canvas.svg("").replace("<svg ", '<svg font-family="sans-serif" ', 1)


def _standalone(chart: Chart) -> "Canvas":
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
    return canvas


def _wrap(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, max_lines=3, placeholder=" …")


def _draw_line(panel: Panel) -> None:
    chart, canvas, colours = panel.chart, panel.canvas, panel.colours
    now, before, *earlier = (line_points(each, chart.step) for each in (chart.marks, chart.previous, *chart.earlier))
    known = _known(now, before, *earlier)
    first, last = _limits([x for x, _ in known], 0.015)
    low, high = _limits([y for _, y in known], 0.08)
    ticks = canvas.round_values(low, high)
    longest = max(len(_tick(tick)) for tick in ticks)
    widest = max(map(len, (_last_value(chart), day(chart.vintage), chart.previous_label)))
    panel.set_padding(left=LETTER * longest + 8, right=LETTER * widest + 12, above=28, below=24)
    x, y = Scale(first, last, panel.left, panel.right), Scale(low, high, panel.bottom, panel.top)
    for tick in filter(lambda tick: low <= tick <= high, ticks):
        canvas.line((panel.left, panel.right), (y(tick), y(tick)), color=colours.grid, lw=0.8, zorder=1)
        canvas.text(panel.left - LABEL_GAP, y(tick), _tick(tick), color=colours.muted, ha="right", va="center_baseline")
    canvas.line((panel.left, panel.right), (panel.bottom, panel.bottom), color=colours.muted, lw=0.8, zorder=2)
    dates = date_ticks(first, last, int((panel.right - panel.left) / 50))
    if len(chart.marks) == 1:
        dates = [start_year(chart.marks[0])], [chart.marks[0].label]
    for position, text in zip(*dates, strict=True):
        canvas.text(x(position), panel.bottom + LABEL_GAP, text, color=colours.muted, ha="center", va="top")
    for points in earlier:
        canvas.line(
            [x(each) for each in points[0]], [y(each) for each in points[1]], color=colours.grid, lw=1.4, zorder=1
        )
    for points, colour, previous in ((before, colours.before, True), (now, colours.accent, False)):
        _plot(canvas, [x(each) for each in points[0]], [y(each) for each in points[1]], colour, previous=previous)
    _draw_rings(panel, x, y)
    _label_ends(panel, y)


def _known(*lines: Points) -> list[tuple[float, float]]:
    """The points of the lines that have a value."""
    return [(x, y) for points in lines for x, y in zip(*points, strict=True) if not math.isnan(y)]


def _limits(values: Sequence[float], margin: float) -> tuple[float, float]:
    """The range of the values, widened by a margin on both sides; of a single value, 5 % of it around it."""
    low, high = min(values), max(values)
    around = 0.05 * (abs(low) or 1) if low == high else 0.0
    wide = margin * (high - low + 2 * around)
    return low - around - wide, high + around + wide


def _plot(canvas: "Canvas", x: Sequence[float], y: Sequence[float], colour: str, *, previous: bool) -> None:
    """A line with gaps at missing values; dots on short series and on values without neighbours."""
    canvas.line(x, y, color=colour, lw=1.6 if previous else 2.2, ls=DASHES if previous else "-", zorder=3 - previous)
    padded = [math.nan, *y, math.nan]
    isolated = [n for n in range(len(y)) if math.isnan(padded[n]) and math.isnan(padded[n + 2])]
    dotted = range(len(y)) if len(y) <= FEW_MARKS else isolated
    _dots(canvas, [x[n] for n in dotted], [y[n] for n in dotted], colour, hollow=previous)


def _dots(canvas: "Canvas", x: Sequence[float], y: Sequence[float], colour: str, *, hollow: bool) -> None:
    if x:
        face = "none" if hollow else colour
        canvas.line(x, y, ls="", marker="o", ms=5, mfc=face, mec=colour, mew=1.2, zorder=4)


def _draw_rings(panel: Panel, x: Scale, y: Scale) -> None:
    """Ring the previous vintage's values that have been revised, unless there are so many that they hide the line."""
    now = {mark.start: mark.value for mark in panel.chart.marks}
    revised = [mark for mark in panel.chart.previous if mark.value is not None and now.get(mark.start) != mark.value]
    if len(revised) <= FEW_RINGS:
        across, up = [x(start_year(mark)) for mark in revised], [y(float(mark.value or 0)) for mark in revised]
        _dots(panel.canvas, across, up, panel.colours.before, hollow=True)


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


def _label_ends(panel: Panel, scale: Scale) -> None:
    """Label the ends of the lines with the last value and the vintages, without overlap."""
    chart, colours = panel.chart, panel.colours
    last, last_before = _last(chart.marks), _last(chart.previous)
    now = scale(float(last.value or 0) if last else 0.0)
    labels = [(_last_value(chart), now - LINE / 2, colours.accent, "bold")]
    labels.append((day(chart.vintage), now + LINE / 2, colours.accent, "normal"))
    if last_before:
        old = scale(float(last_before.value or 0))
        y = min(old, now - 1.5 * LINE) if old < now else max(old, now + 1.5 * LINE)
        labels.append((chart.previous_label, y, colours.before, "normal"))
    lift = max(0.0, max(y for _, y, _, _ in labels) - panel.bottom)
    for text, y, colour, weight in labels:
        panel.canvas.text(panel.right + 8, y - lift, text, color=colour, weight=weight, va="center")


def _draw_bars(panel: Panel) -> None:
    chart, canvas, colours = panel.chart, panel.canvas, panel.colours
    previous = chart.previous or [Mark(mark.label, "", None) for mark in chart.marks]
    panel.set_padding(left=0, right=70, above=20, below=0)
    values = [float(mark.value or 0) for mark in (*chart.marks, *previous)]
    x = Scale(*_limits([0, *values], 0), panel.left, panel.right)
    y = Scale(-0.7, len(chart.marks) - 0.5, panel.top, panel.bottom)
    thickness = y(1) - y(0)
    for row, (mark, old) in enumerate(zip(chart.marks, previous, strict=True)):
        length, old_length = float(mark.value or 0), float(old.value or 0)
        canvas.box(x(0), y(row - 0.18), x(length) - x(0), 0.36 * thickness, color=colours.accent, zorder=2)
        if old.value not in (None, mark.value):
            outline = {"fill": False, "edgecolor": colours.before, "ls": DASHES, "zorder": 3}
            canvas.box(x(0), y(row - 0.23), x(old_length) - x(0), 0.46 * thickness, **outline)
        value = "missing" if mark.value is None else number(mark.value)
        end = x(max(length, old_length, 0)) + 6
        canvas.text(end, y(row), value, va="center", color=colours.ink, weight="bold")
        label = textwrap.shorten(mark.label, int(canvas.width / LETTER), placeholder="…")
        canvas.text(panel.left, y(row) - 19, label, va="center", color=colours.ink)
    if min(values) < 0:
        canvas.line((x(0), x(0)), (panel.top, panel.bottom), color=colours.muted, lw=0.8)
