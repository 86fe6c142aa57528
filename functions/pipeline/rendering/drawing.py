"""What a chart is drawn in: its colours and its canvas."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pipeline.rendering.canvas import Canvas


class Colours(NamedTuple):
    paper: str
    ink: str
    muted: str
    accent: str
    before: str
    grid: str


LIGHT = Colours("#ffffff", "#1b1b1b", "#5f6368", "#0b5394", "#757575", "#dadce0")
# Matplotlib knows no CSS variables, so an SVG is drawn in placeholder colours, which svg() replaces.
PLACEHOLDERS = Colours(*(f"#0102{number:02x}" for number in range(6)))


def canvas(width: float, height: float) -> "Canvas":
    """A new canvas, measured in points. The first one loads matplotlib, which takes longer than to draw a chart."""
    from pipeline.rendering.canvas import Canvas  # noqa: PLC0415 - a function that draws nothing never loads it

    return Canvas(width, height)
