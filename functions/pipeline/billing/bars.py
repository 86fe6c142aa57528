"""The daily bars by service as SVG for the page and PNG for elsewhere, told apart without colour."""

import textwrap
from decimal import Decimal
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator

from pipeline.billing.summary import Summary
from pipeline.billing.wording import MINUS, amount, lead_sentence, name
from pipeline.rendering import drawing
from pipeline.rendering.drawing import LIGHT, STAND_INS, Colours

PLOT, ROW = 250, 22  # heights: of the bars with their dates and unit, of a line of the key
LEFT, DATES, UNIT, GAP = 48, 38, 30, 24  # room for amounts, dates, the unit, and between bars and key
SAMPLE, INDENT, LETTER = (20, 14), 28, 6.2  # in the key: a sample's size, where its text begins, a letter's width
RUNS = "Runs, estimated"


class Layout(NamedTuple):
    """In points. `key`: the width of the key beside the bars; 0 puts it below them."""

    width: int
    key: int
    top: int = 0
    bottom: int = 0
    side: int = 2


TELEPHONE, DESK = Layout(344, 0), Layout(720, 240)


def svg(summary: Summary, layout: Layout, prefix: str) -> str:
    """The bars in the colours of the page; `prefix` sets their ids apart from those of another chart."""
    return drawing.svg(_Sheet(summary, layout, STAND_INS).figure, prefix)


def png(summary: Summary) -> bytes:
    """The bars as a picture of its own, with its title."""
    lines = textwrap.wrap(lead_sentence(summary), 110)
    sheet = _Sheet(summary, Layout(960, 290, top=64 + 20 * len(lines), bottom=24, side=24), LIGHT)
    title = f"Costs of {summary.application}, {summary.bill.currency} a day by service"
    sheet.write(title, 38, fontsize=17, weight="bold", color=LIGHT.ink)
    for line, text in enumerate(lines):
        sheet.write(text, 62 + 20 * line, fontsize=13, color=LIGHT.muted)
    return drawing.png(sheet.figure)


class _Sheet:
    """A figure with the bars and their key; all lengths are in points."""

    def __init__(self, summary: Summary, layout: Layout, colours: Colours) -> None:
        self._summary, self._layout, self._colours = summary, layout, colours
        self._has_runs = any(day.runs for day in summary.days)
        key = ROW * (len(summary.charted) + self._has_runs)
        inside = max(PLOT, UNIT + key) if layout.key else PLOT + GAP + key
        self._height = layout.top + inside + layout.bottom
        self.figure = drawing.figure(layout.width, self._height)
        plot = inside if layout.key else PLOT
        across = layout.width - 2 * layout.side - LEFT - (layout.key + GAP if layout.key else 0)
        self._draw(self._axes(layout.side + LEFT, layout.top + UNIT, across, plot - UNIT - DATES))
        self.write(f"{summary.bill.currency} a day", layout.top + 14, color=colours.muted, fontsize=12)
        if layout.key:
            self._write_key(layout.width - layout.side - layout.key, layout.top + UNIT, layout.key)
        else:
            self._write_key(layout.side, layout.top + PLOT + GAP, layout.width - 2 * layout.side)

    def write(self, text: str, down: float, **style: Any) -> None:
        """Text at the left edge, so far from the top."""
        self.figure.text(self._layout.side / self._layout.width, 1 - down / self._height, text, **style)

    def _axes(self, left: float, top: float, width: float, height: float) -> Axes:
        across, up = 1 / self._layout.width, 1 / self._height
        floor = self._height - top - height
        return drawing.bare_axes(self.figure, (left * across, floor * up, width * across, height * up))

    def _styles(self) -> list[dict[str, Any]]:
        """From the bottom of a bar to its top: each differs from its neighbours by pattern, not only by colour."""
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
            {"facecolor": face, "hatch": hatch, "hatchcolor": drawn, "edgecolor": colours.ink, "linewidth": 0.7}
            for face, hatch, drawn in patterns
        ]

    def _draw(self, axes: Axes) -> None:
        days, colours = self._summary.days, self._colours
        up, down = [0.0] * len(days), [0.0] * len(days)
        for service, style in zip(self._summary.charted, self._styles(), strict=False):
            for place, exact in ((place, exact) for place, exact in enumerate(service.days) if exact):
                base = up if exact > 0 else down
                axes.bar(place, float(exact), 0.78, bottom=base[place], zorder=2, **style)
                base[place] += float(exact)
        estimated = [float(day.estimated) for day in days]
        for place, day in enumerate(days):
            if day.runs:
                self._ring(axes, place, estimated[place])
        axes.set_xlim(-0.6, len(days) - 0.4)
        axes.set_ylim(min(down) * 1.05, max(*up, *estimated, 0.001) * 1.05)
        axes.axhline(0, color=colours.muted, lw=0.8, zorder=3)
        axes.grid(axis="y", color=colours.grid, lw=0.8)
        axes.tick_params(length=0, colors=colours.muted, labelsize=11)
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _tick(value)))
        dates = [f"{day.day.day}\n{day.day:%b}" if day.day.day == 1 or not place else f"{day.day.day}"
                 for place, day in enumerate(days)]  # fmt: skip
        axes.set_xticks(range(len(days)), dates)
        open_days = [place for place, day in enumerate(days) if day.billed is None]
        if open_days:
            middle = sum(open_days) / len(open_days)
            axes.annotate("not billed yet", (middle, 1), xycoords=("data", "axes fraction"), rotation=90, ha="center",
                          va="top", color=colours.muted, fontsize=11)  # fmt: skip

    def _ring(self, axes: Axes, x: float, y: float) -> None:
        axes.plot(
            x, y, marker="o", ms=7, mfc=self._colours.paper, mec=self._colours.ink, mew=2, zorder=5, clip_on=False
        )

    def _write_key(self, left: float, top: float, width: float) -> None:
        """A line for each service, in the order of the bars from their top, with its sum; then the rings."""
        summary = self._summary
        lines = [(name(each.name), each.total, style)
                 for each, style in zip(summary.charted, self._styles(), strict=False)][::-1]  # fmt: skip
        lines += [(RUNS, summary.estimated, {})] if self._has_runs else []
        axes = self._axes(left, top, width, ROW * len(lines))
        axes.set(xlim=(0, width), ylim=(0, ROW * len(lines)), xticks=[], yticks=[])
        sample_width, sample_height = SAMPLE
        for line, (text, total, style) in enumerate(reversed(lines)):
            base = ROW * line + (ROW - sample_height) / 2
            if style:
                axes.add_patch(Rectangle((0, base), sample_width, sample_height, **style, clip_on=False))
            else:
                self._ring(axes, sample_width / 2, base + sample_height / 2)
            figure = amount(total)
            room = int((width - INDENT - LETTER * (len(figure) + 2)) / LETTER)
            shown = textwrap.shorten(text, room, placeholder="\u2026")
            axes.text(INDENT, base + 3, shown, color=self._colours.ink, fontsize=12)
            axes.text(width, base + 3, figure, color=self._colours.ink, fontsize=12, ha="right")


def _tick(value: float) -> str:
    return f"{Decimal(f'{value:.6g}'):,f}".replace("-", MINUS)
