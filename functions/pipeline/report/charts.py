"""Charts as SVG for the page and PNG for the mail and slides. The only module that knows matplotlib."""

import io
import math
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from pipeline.report.content import Chart, Drawing, Mark
from pipeline.report.series import YEAR, months
from pipeline.report.wording import STATISTICS, day, in_words, legend, number

WIDE, NARROW, FILE = 720, 344, 1000  # width in points, as many pixels on screen
LINE_HEIGHT, BAR_HEIGHT, MARGIN = 300, 40, 30
DOTS_PER_INCH = 144  # of the PNG
POINTS = 72  # in an inch
LETTER = 6.6  # the width of a letter in points, at most
FEW_MARKS = 16  # so many are drawn as points, too
LIGHT = {"ink": "#1b1b1b", "muted": "#5f6368", "accent": "#0b5394", "before": "#757575", "grid": "#dadce0"}
LABEL_GAP = 17.0  # points between two labels, one below the other
SIZES = {"font.size": 12, "svg.fonttype": "none", "svg.hashsalt": "singstat", "text.parse_math": False}
METADATA = {"Creator": None, "Date": None, "Format": None, "Type": None}

mpl.rcParams.update(SIZES)

Colours = Mapping[str, str]
# In an SVG each colour is the page's own, light or dark: a colour that nothing else has stands for it until it is text.
STAND_INS = {name: f"#0102{place:02x}" for place, name in enumerate(LIGHT)}
COLOUR = re.compile("|".join(STAND_INS.values()))
ROLES = {stand_in: f"var(--{name})" for name, stand_in in STAND_INS.items()}
LONG_NUMBER = re.compile(r"-?\d+\.\d{2,}")
FONT = re.compile(r"font: (\S+) [^;\"]*")
NAMES = re.compile(r'(\bid="|url\(#|href="#)')


def draw(chart: Chart, name: str) -> Drawing:
    """The chart for the page; `name` sets its ids apart from those of the page's other charts."""
    wide, narrow = (_svg(chart, width, f"{name}-{width}") for width in (WIDE, NARROW))
    return Drawing(chart.name, legend(chart), wide, narrow, in_words(chart))


def png(chart: Chart) -> bytes:
    """The chart as a picture of its own, with its title and source."""
    title = [*textwrap.wrap(chart.name, 72)[:3], *textwrap.wrap(chart.table, 84)[:3]]
    top = 26 + 22 * len(title)
    figure = _figure(chart, FILE, LIGHT, top=top, bottom=24)
    height = figure.get_figheight() * POINTS
    names = len(textwrap.wrap(chart.name, 72)[:3])
    for line, text in enumerate(title):
        size, weight, colour = (16, "bold", "ink") if line < names else (13, "normal", "muted")
        figure.text(20 / FILE, 1 - (26 + 22 * line) / height, text, fontsize=size, weight=weight, color=LIGHT[colour])
    source = f"{STATISTICS}, SingStat Table Builder, vintage {day(chart.vintage)}"
    figure.text(20 / FILE, 12 / height, source, fontsize=11, color=LIGHT["muted"])
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=DOTS_PER_INCH, facecolor="white", metadata={"Software": None})
    return file.getvalue()


def _svg(chart: Chart, width: int, name: str) -> str:
    file = io.StringIO()
    figure = _figure(chart, width, STAND_INS)
    figure.savefig(file, format="svg", transparent=True, metadata=METADATA)
    text = file.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = COLOUR.sub(lambda found: ROLES[found[0]], text)
    text = FONT.sub(r"font-size: \1", text)
    text = re.sub(r' d="[^"]*"', lambda path: LONG_NUMBER.sub(_rounded, path[0]), text)
    return NAMES.sub(rf"\g<1>{name}-", text)


def _rounded(found: re.Match[str]) -> str:
    return f"{float(found[0]):.1f}"


def _figure(chart: Chart, width: int, colours: Colours, top: int = 0, bottom: int = 0) -> Figure:
    """Everything but the title; `top` and `bottom` are points kept free."""
    inner = BAR_HEIGHT * len(chart.marks) + 8 if not chart.step else LINE_HEIGHT
    height = inner + MARGIN + top + bottom
    figure = Figure(figsize=(width / POINTS, height / POINTS))
    left, right = (20, 20) if top else (2, 2)
    box = (left / width, bottom / height, 1 - (left + right) / width, 1 - (top + bottom) / height)
    axes = figure.add_axes((box[0], box[1], box[2], box[3]))
    axes.set_facecolor("none")
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(length=0, colors=colours["muted"])
    paint: Callable[[Axes, Chart, Colours], None] = _line if chart.step else _bars
    paint(axes, chart, colours)
    return figure


def _place(axes: Axes, left: float, right: float, below: float, above: float) -> None:
    """Take some points off each side of the axes."""
    box, figure = axes.get_position(), axes.figure
    width, height = (inches * POINTS for inches in (figure.get_figwidth(), figure.get_figheight()))
    axes.set_position(
        (
            box.x0 + left / width,
            box.y0 + below / height,
            box.width - (left + right) / width,
            box.height - (below + above) / height,
        )
    )


def _line(axes: Axes, chart: Chart, colours: Colours) -> None:
    for marks, style in ((chart.before, _BEHIND), (chart.marks, _FRONT)):
        x, y = _broken(marks, chart.step)
        colour = colours[style["colour"]]
        axes.plot(x, y, color=colour, lw=style["width"], ls=style["dash"], zorder=style["order"])
        _dots(axes, x, y, colour, style)
    axes.margins(x=0.015, y=0.08)
    axes.grid(axis="y", color=colours["grid"], lw=0.8)
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(_tick))
    low, high = axes.get_xlim()
    places, names = _dates(low, high, axes.figure.get_figwidth() * POINTS)
    axes.set_xticks(places, names)
    axes.spines["bottom"].set(visible=True, color=colours["muted"], lw=0.8)
    labels = _end_labels(chart)
    longest = max((len(_tick(tick)) for tick in axes.get_yticks()), default=1)
    _place(axes, LETTER * longest + 8, LETTER * max(len(text) for text, *_ in labels) + 14, 24, 24)
    axes.set_title(textwrap.shorten(chart.unit, 60, placeholder="…"), loc="left", color=colours["muted"], fontsize=12,
                   x=-(LETTER * longest + 8) / _points_wide(axes), pad=10)  # fmt: skip
    _write_labels(axes, labels, colours)


_FRONT = {"colour": "accent", "width": 2.2, "dash": "-", "order": 3, "face": None}
_BEHIND = {"colour": "before", "width": 1.6, "dash": (0, (4, 3)), "order": 2, "face": "none"}


def _broken(marks: Sequence[Mark], step: int) -> tuple[list[float], list[float]]:
    """Dates and numbers, with no number where a value or a whole period is missing: the line breaks there."""
    x, y = list[float](), list[float]()
    for mark in marks:
        at = months(mark.start) / YEAR
        if x and at - x[-1] > step / YEAR * 1.01:
            x.append(at - step / YEAR)
            y.append(math.nan)
        x.append(at)
        y.append(math.nan if mark.value is None else float(mark.value))
    return x, y


def _dots(axes: Axes, x: Sequence[float], y: Sequence[float], colour: str, style: Mapping[str, Any]) -> None:
    """Points where a line cannot show them: few of them, or one alone between two gaps."""
    padded = [math.nan, *y, math.nan]
    few = len(y) <= FEW_MARKS
    shown = [n for n, v in enumerate(y) if few or (math.isnan(padded[n]) and math.isnan(padded[n + 2]))]
    face = style["face"] or colour
    axes.plot([x[n] for n in shown], [y[n] for n in shown], ls="", marker="o", ms=4.5, mfc=face, mec=colour,
              zorder=style["order"])  # fmt: skip


def _tick(value: float, _: object = None) -> str:
    return number(Decimal(f"{value:.10g}"))


def _dates(low: float, high: float, width: float) -> tuple[list[float], list[str]]:
    """Where years or months stand on the axis, and their names."""
    fit = max(3, int(width / 90))
    if high - low > 2:  # noqa: PLR2004 - years
        every = next(step for step in (1, 2, 5, 10, 20, 50) if (high - low) / step <= fit)
        years = [year for year in range(math.ceil(low), math.floor(high) + 1) if year % every == 0]
        return [float(year) for year in years], [str(year) for year in years]
    every = next(step for step in (1, 3, 6, 12) if (high - low) * YEAR / step <= fit)
    ticks = [month for month in range(math.ceil(low * YEAR), math.floor(high * YEAR) + 1) if month % every == 0]
    return [month / YEAR for month in ticks], [f"{date(m // YEAR, m % YEAR + 1, 1):%b %Y}" for m in ticks]


def _end_labels(chart: Chart) -> list[tuple[str, float, float, str, str]]:
    """Text, place (x, y), colour and weight of what is written at the right ends of the lines."""
    labels = []
    for marks, vintage, colour in (
        (chart.marks, chart.vintage, "accent"),
        (chart.before, chart.before_vintage, "before"),
    ):
        known = [mark for mark in marks if mark.value is not None]
        if known and known[-1].value is not None:
            last, x = known[-1], months(known[-1].start) / YEAR
            if colour == "accent":
                labels.append((number(known[-1].value), x, float(known[-1].value), colour, "bold"))
            labels.append((day(vintage), x, float(last.value or 0), colour, "normal"))
    return labels


def _write_labels(axes: Axes, labels: Sequence[tuple[str, float, float, str, str]], colours: Colours) -> None:
    """Beside the last points, one below the other where they would overlap."""
    if not labels:
        return
    low, high = axes.get_ylim()
    scale = (high - low) / (axes.get_position().height * axes.figure.get_figheight() * POINTS)
    right = axes.get_xlim()[1]
    current = [label for label in labels if label[3] == "accent"]
    before = [label for label in labels if label[3] == "before"]
    above = bool(before) and before[0][2] > current[0][2]
    at = current[0][2]
    spots = [at + LABEL_GAP * scale * 0.5, at - LABEL_GAP * scale * 0.5]
    if before and above:
        spots.append(max(before[0][2], spots[0] + LABEL_GAP * scale))
    elif before:
        spots.append(min(before[0][2], spots[1] - LABEL_GAP * scale))
    lift = max(0.0, low - min(spots)) - max(0.0, max(spots) - high)
    for (text, _, _, colour, weight), y in zip([*current, *before], spots, strict=True):
        axes.annotate(text, (right, y + lift), (6, 0), textcoords="offset points", va="center",
                      color=colours[colour], weight=weight, annotation_clip=False)  # fmt: skip


def _bars(axes: Axes, chart: Chart, colours: Colours) -> None:
    places = range(len(chart.marks))
    before = chart.before or [Mark(mark.label, "", None) for mark in chart.marks]
    width = _points_wide(axes)
    for place, mark, old in zip(places, chart.marks, before, strict=True):
        value = float(mark.value or 0)
        axes.barh(place, value, height=0.42, color=colours["accent"], zorder=2)
        if old.value is not None:
            axes.barh(place, float(old.value), height=0.56, fill=False, edgecolor=colours["before"], ls=(0, (3, 2)),
                      lw=1.3, zorder=3)  # fmt: skip
        text = "missing" if mark.value is None else number(mark.value)
        axes.annotate(text, (max(value, float(old.value or 0), 0), place), (6, 0), textcoords="offset points",
                      va="center", color=colours["ink"], weight="bold")  # fmt: skip
        label = textwrap.shorten(mark.label, int(width / LETTER), placeholder="…")
        axes.annotate(label, (0, place), (0, 15), xycoords=("axes fraction", "data"), textcoords="offset points",
                      va="center", color=colours["ink"])  # fmt: skip
    axes.set_ylim(len(chart.marks) - 0.5, -0.62)
    axes.set_yticks([])
    axes.set_xticks([])
    axes.axvline(0, color=colours["muted"], lw=0.8)
    _place(axes, 2, 80, 4, 24)
    axes.set_title(textwrap.shorten(chart.unit, 60, placeholder="…"), loc="left", color=colours["muted"], fontsize=12)


def _points_wide(axes: Axes) -> float:
    return float(axes.get_position().width * axes.figure.get_figwidth() * POINTS)
