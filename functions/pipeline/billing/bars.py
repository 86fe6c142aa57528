"""The daily costs by service as stacked bars, in SVG and PNG, distinguishable without colour. Lengths are in points."""

import textwrap
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.billing.summary import Summary
from pipeline.billing.wording import MINUS, lead_sentence, money, short_name
from pipeline.rendering import drawing
from pipeline.rendering.drawing import LIGHT, PLACEHOLDERS, Colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PLOT, ROW = 250, 22  # heights: of the plot with its dates and unit, of a row of the legend
LEFT, DATES, UNIT, GAP = 48, 38, 30, 24  # space for amounts, dates, the unit, and between plot and legend
SWATCH, INDENT, LETTER = (20, 14), 28, 6.2  # in the legend: size of a swatch, start of its text, width of a letter
RUNS = "Runs, estimated"


class Layout(NamedTuple):
    """`legend` is the width of the legend beside the plot; 0 puts it below."""

    width: int
    legend: int
    top: int = 0
    bottom: int = 0
    side: int = 2


NARROW, WIDE = Layout(344, 0), Layout(720, 240)


def svg(summary: Summary, layout: Layout, prefix: str) -> str:
    """The chart in the colours of the page; `prefix` keeps its ids distinct from those of other charts."""
    return _BarChart(summary, layout, PLACEHOLDERS).canvas.svg(prefix)


def png(summary: Summary) -> bytes:
    """The chart as a standalone image, with its title."""
    lines = textwrap.wrap(lead_sentence(summary), 110)
    layout = Layout(960, 290, top=64 + 20 * len(lines), bottom=24, side=24)
    canvas = _BarChart(summary, layout, LIGHT).canvas
    title = f"Costs of {summary.application}, {summary.bill.currency} a day by service"
    canvas.text(layout.side, 38, title, fontsize=17, weight="bold", color=LIGHT.ink)
    for line, text in enumerate(lines):
        canvas.text(layout.side, 62 + 20 * line, text, fontsize=13, color=LIGHT.muted)
    return canvas.png()


class _BarChart:
    """The bars and their legend on a canvas."""

    def __init__(self, summary: Summary, layout: Layout, colours: Colours) -> None:
        self._summary, self._colours = summary, colours
        self._has_runs = any(day.runs for day in summary.days)
        legend = ROW * (len(summary.charted) + self._has_runs)
        inside = max(PLOT, UNIT + legend) if layout.legend else PLOT + GAP + legend
        self.canvas = drawing.canvas(layout.width, layout.top + inside + layout.bottom)
        plot = inside if layout.legend else PLOT
        across = layout.width - 2 * layout.side - LEFT - (layout.legend + GAP if layout.legend else 0)
        self._draw(self.canvas.axes(layout.side + LEFT, layout.top + UNIT, across, plot - UNIT - DATES))
        unit = f"{summary.bill.currency} a day"
        self.canvas.text(layout.side, layout.top + 14, unit, color=colours.muted, fontsize=12)
        if layout.legend:
            self._draw_legend(layout.width - layout.side - layout.legend, layout.top + UNIT, layout.legend)
        else:
            self._draw_legend(layout.side, layout.top + PLOT + GAP, layout.width - 2 * layout.side)

    def _styles(self) -> list[dict[str, Any]]:
        """From bottom to top: neighbouring services differ in pattern, not only in colour."""
        colours = self._colours
        patterns = [
            (colours.accent, None, colours.accent),
            ("none", "////", colours.accent),
            (colours.grid, None, colours.grid),
            ("none", "----", colours.ink),
            (colours.muted, None, colours.muted),
            ("none", "xxxx", colours.muted),
            ("none", None, colours.ink),
        ]
        return [
            {"facecolor": face, "hatch": hatch, "hatchcolor": lines, "edgecolor": colours.ink, "linewidth": 0.7}
            for face, hatch, lines in patterns
        ]

    def _draw(self, axes: "Axes") -> None:
        days, colours = self._summary.days, self._colours
        up, down = [0.0] * len(days), [0.0] * len(days)
        for service, style in zip(self._summary.charted, self._styles(), strict=False):
            for x, cost in ((x, cost) for x, cost in enumerate(service.days) if cost):
                base = up if cost > 0 else down
                axes.bar(x, float(cost), 0.78, bottom=base[x], zorder=2, **style)
                base[x] += float(cost)
        estimated = [float(day.estimated) for day in days]
        for x, day in enumerate(days):
            if day.runs:
                self._ring(axes, x, estimated[x])
        axes.set_xlim(-0.6, len(days) - 0.4)
        axes.set_ylim(min(down) * 1.05, max(*up, *estimated, 0.001) * 1.05)
        axes.axhline(0, color=colours.muted, lw=0.8, zorder=3)
        axes.grid(axis="y", color=colours.grid, lw=0.8)
        axes.tick_params(length=0, colors=colours.muted, labelsize=11)
        axes.locator_params(axis="y", nbins=5)
        axes.yaxis.set_major_formatter(lambda value, _: _tick(value))
        dates = [f"{day.day.day}\n{day.day:%b}" if day.day.day == 1 or not x else f"{day.day.day}"
                 for x, day in enumerate(days)]  # fmt: skip
        axes.set_xticks(range(len(days)), dates)
        unbilled = [x for x, day in enumerate(days) if day.billed is None]
        if unbilled:
            middle = sum(unbilled) / len(unbilled)
            axes.annotate("not billed yet", (middle, 1), xycoords=("data", "axes fraction"), rotation=90, ha="center",
                          va="top", color=colours.muted, fontsize=11)  # fmt: skip

    def _ring(self, axes: "Axes", x: float, y: float) -> None:
        axes.plot(
            x, y, marker="o", ms=7, mfc=self._colours.paper, mec=self._colours.ink, mew=2, zorder=5, clip_on=False
        )

    def _draw_legend(self, left: float, top: float, width: float) -> None:
        """One row per service with its total, in the order of the stack; the estimated runs last."""
        summary = self._summary
        rows = [(short_name(each.name), each.total, style)
                for each, style in zip(summary.charted, self._styles(), strict=False)][::-1]  # fmt: skip
        rows += [(RUNS, summary.estimated, {})] if self._has_runs else []
        axes = self.canvas.axes(left, top, width, ROW * len(rows))
        axes.set(xlim=(0, width), ylim=(0, ROW * len(rows)), xticks=[], yticks=[])
        swatch_width, swatch_height = SWATCH
        for row, (text, total, style) in enumerate(reversed(rows)):
            base = ROW * row + (ROW - swatch_height) / 2
            if style:
                swatch_top = top + ROW * len(rows) - base - swatch_height
                self.canvas.box(left, swatch_top, swatch_width, swatch_height, **style)
            else:
                self._ring(axes, swatch_width / 2, base + swatch_height / 2)
            amount = money(total)
            letters = int((width - INDENT - LETTER * (len(amount) + 2)) / LETTER)
            label = textwrap.shorten(text, letters, placeholder="\u2026")
            axes.text(INDENT, base + 3, label, color=self._colours.ink, fontsize=12)
            axes.text(width, base + 3, amount, color=self._colours.ink, fontsize=12, ha="right")


def _tick(value: float) -> str:
    return f"{Decimal(f'{value:.6g}'):,f}".replace("-", MINUS)
