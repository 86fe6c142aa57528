"""A chart in the terminal, in braille dots; earlier editions behind it, lighter."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from matplotlib.ticker import MaxNLocator
from pipeline.report.content import Chart, Mark
from pipeline.report.series import YEAR
from pipeline.report.ticks import date_ticks, line_points
from pipeline.report.wording import legend, number
from plotille import Canvas
from rich.console import Console
from rich.text import Text

ROWS, NARROWEST = 16, 30  # height of the plot, and the least width
DATE_LABEL = 12  # characters for each date below
BAR, HALF_BAR, BLANK = "█", "▌", "\u2800"
NOW, BEFORE = "bright_blue", "bright_black"
MOST_REVISED = 5
Points = tuple[Sequence[float], Sequence[float]]


def print_chart(console: Console, chart: Chart) -> None:
    """Print the chart as wide as the terminal."""
    console.print(Text(chart.name, "bold"))
    console.print(Text(f"{chart.table}{f', in {chart.unit}' if chart.unit else ''}", "dim"))
    for row in _lines(chart, console) if chart.step else _bars(chart, console.width):
        console.print(row, no_wrap=True, overflow="crop")
    console.print(Text(legend(chart).replace("Dashed", "Grey").replace("Lighter", "Also grey"), "dim"))
    if chart.step and (last := next((mark for mark in reversed(chart.marks) if mark.value is not None), None)):
        console.print(Text(f"latest: {last.label} {_number(last)}"))
    for revised in _revised(chart):
        console.print(Text(revised))


def _lines(chart: Chart, console: Console) -> Iterator[Text]:
    lines = [line_points(each, chart.step) for each in (*reversed(chart.earlier), chart.previous, chart.marks)]
    values = [y for _, ys in lines for y in ys if not math.isnan(y)]
    times = [x for xs, _ in lines for x in xs]
    first, last = min(times), max(times) + chart.step / YEAR
    low, high = min(values), max(values)
    if low == high:
        low, high = low - 1, high + 1
    ticks = [float(tick) for tick in MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)]
    names = {_row(tick, low, high): f"{tick:,.10g}" for tick in ticks if low <= tick <= high}
    margin = max(map(len, names.values())) + 1
    width = max(console.width - margin, NARROWEST)
    box = (width, ROWS, first, low, last, high + (high - low) / (4 * ROWS))  # its upper limit is outside
    *before, now = lines
    for row, (front, behind) in enumerate(zip(_dots(box, [now]), _dots(box, before), strict=True)):
        tick = f"{names.get(row, ''):>{margin - 1}} "
        yield Text.assemble((tick, "dim"), *(_cell(*dots) for dots in zip(front, behind, strict=True)))
    yield Text(" " * margin + _dates(first, last, width), "dim")


def _dots(box: tuple[int, int, float, float, float, float], lines: Sequence[Points]) -> list[str]:
    """The lines as rows of braille characters."""
    canvas = Canvas(*box)
    for xs, ys in lines:
        for (x, y), (x1, y1) in pairwise([*zip(xs, ys, strict=True), (math.nan, math.nan)]):
            if not math.isnan(y):
                canvas.line(x, y, *((x, y) if math.isnan(y1) else (x1, y1)))
    rows: list[str] = canvas.plot().splitlines()
    return rows


def _cell(front: str, behind: str) -> tuple[str, str]:
    """The dots of both characters, in the colour of the front one if it has any."""
    return chr(ord(front) | ord(behind)), BEFORE if front == BLANK else NOW


def _row(value: float, low: float, high: float) -> int:
    """The row of a value, from the top."""
    return round((high - value) / (high - low) * (ROWS - 1))


def _dates(first: float, last: float, width: int) -> str:
    """The dates below a plot of `width` characters, each centred on its place."""
    row = [" "] * width
    for position, label in zip(*date_ticks(first, last, width // DATE_LABEL), strict=True):
        start = round((position - first) / (last - first) * width) - len(label) // 2
        if 0 <= start <= width - len(label) and not "".join(row[max(start - 1, 0) : start + len(label)]).strip():
            row[start : start + len(label)] = label
    return "".join(row)


def _bars(chart: Chart, width: int) -> Iterator[Text]:
    """A bar for each mark, from the left; a line below it where the previous edition had another value."""
    sizes = [abs(float(mark.value or 0)) for mark in (*chart.marks, *chart.previous)]
    label = min(max(len(mark.label) for mark in chart.marks), width // 2)
    numbers = max(len(_number(mark)) for mark in chart.marks)
    unit = max(width - label - numbers - 3, 1) / (max(sizes) or 1)
    for mark, old in zip(chart.marks, chart.previous or chart.marks, strict=True):
        yield Text(f"{mark.label[:label]:<{label}} {_number(mark):>{numbers}} ") + _bar(mark, unit, NOW)
        if old.value is not None and old.value != mark.value:
            yield Text(f"{'':<{label}} {_number(old):>{numbers}} ", "dim") + _bar(old, unit, BEFORE)


def _bar(mark: Mark, unit: float, colour: str) -> Text:
    halves = round(abs(float(mark.value or 0)) * unit * 2)
    return Text(BAR * (halves // 2) + HALF_BAR * (halves % 2), colour)


def _number(mark: Mark) -> str:
    return "missing" if mark.value is None else number(mark.value)


def _revised(chart: Chart) -> Iterator[str]:
    """What the previous edition had otherwise, the newest periods first."""
    before = {mark.label: mark for mark in chart.previous}
    changed = [(before[mark.label], mark) for mark in chart.marks if _differs(before.get(mark.label), mark)]
    for old, now in changed[: -MOST_REVISED - 1 : -1]:
        yield f"revised: {now.label} from {_number(old)} to {_number(now)}"
    if len(changed) > MOST_REVISED:
        yield f"and {len(changed) - MOST_REVISED:,} more: `singstat revisions` lists all"


def _differs(old: Mark | None, now: Mark) -> bool:
    return old is not None and old.value is not None and old.value != now.value
