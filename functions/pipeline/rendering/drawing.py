"""Figures measured in points, as SVG in the colours of the page and as PNG, both reproducible to the byte."""

import io
import re
from typing import Any, NamedTuple

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

POINTS_PER_INCH, PNG_DPI = 72, 144
METADATA = {"Creator": None, "Date": None, "Format": None, "Type": None}
LONG_NUMBER = re.compile(r"-?\d+\.\d{2,}")

mpl.rcParams["font.size"] = 12
mpl.rcParams["svg.fonttype"] = "none"
mpl.rcParams["svg.hashsalt"] = "singstat"  # reproducible ids
mpl.rcParams["text.parse_math"] = False  # a label may contain two $ signs


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
VARIABLES = {placeholder: f"var(--{role})" for role, placeholder in PLACEHOLDERS._asdict().items()}


class Canvas:
    """A figure in which lengths are in points and positions are measured from the top left corner."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.figure = Figure(figsize=(width / POINTS_PER_INCH, height / POINTS_PER_INCH))

    def axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """New axes without frame or background."""
        axes = self.figure.add_axes(self._bounds(left, top, width, height), facecolor="none")
        for spine in axes.spines.values():
            spine.set_visible(False)
        return axes

    def move(self, axes: Axes, left: float, top: float, width: float, height: float) -> None:
        """Change the position and size of axes."""
        axes.set_position(self._bounds(left, top, width, height))

    def text(self, left: float, baseline: float, text: str, **style: Any) -> None:
        """Write one line of text."""
        self.figure.text(left / self.width, 1 - baseline / self.height, text, **style)

    def svg(self, prefix: str) -> str:
        """The figure, drawn in `PLACEHOLDERS`, in the colours and font of the page; `prefix` makes its ids unique."""
        file = io.StringIO()
        self.figure.savefig(file, format="svg", transparent=True, metadata=METADATA)
        text = file.getvalue()
        text = re.sub(r"\s*<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
        text = re.sub("|".join(VARIABLES), lambda colour: VARIABLES[colour[0]], text)
        text = re.sub(r"font: (bold )?([\d.]+px) [^;\"]*", _font, text)
        text = re.sub(r' d="[^"]*"', lambda path: LONG_NUMBER.sub(lambda long: f"{float(long[0]):.1f}", path[0]), text)
        return re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{prefix}", text)

    def png(self) -> bytes:
        """The figure on white."""
        file = io.BytesIO()
        self.figure.savefig(file, format="png", dpi=PNG_DPI, facecolor="white", metadata={"Software": None})
        return file.getvalue()

    def _bounds(self, left: float, top: float, width: float, height: float) -> tuple[float, float, float, float]:
        """Left, bottom, width and height as fractions of the figure."""
        across, up = 1 / self.width, 1 / self.height
        return left * across, (self.height - top - height) * up, width * across, height * up


def _font(found: re.Match[str]) -> str:
    return f"font-size: {found[2]}" + ("; font-weight: 600" if found[1] else "")
