"""Figures measured in points, as SVG in the colours of the page and as PNG, both reproducible to the byte."""

import io
import re
import struct
import zlib
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from isal import isal_zlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Affine2D
from numpy.typing import NDArray

from pipeline.rendering.drawing import PLACEHOLDERS

POINTS_PER_INCH, METRES_PER_INCH, PNG_DPI = 72, 0.0254, 144
METADATA = {"Creator": None, "Date": None, "Format": None, "Type": None}
LONG_NUMBER = re.compile(r"-?\d+\.\d{2,}")

mpl.rcParams["font.size"] = 12
mpl.rcParams["svg.fonttype"] = "none"
mpl.rcParams["svg.hashsalt"] = "singstat"  # reproducible ids
mpl.rcParams["text.parse_math"] = False  # a label may contain two $ signs


VARIABLES = {placeholder: f"var(--{role})" for role, placeholder in PLACEHOLDERS._asdict().items()}


class Canvas:
    """A figure in which lengths are in points and positions are measured from the top left corner."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.figure = Figure(figsize=(width / POINTS_PER_INCH, height / POINTS_PER_INCH))
        inches = Affine2D().scale(1, -1).translate(0, height).scale(1 / POINTS_PER_INCH)
        self._points = inches + self.figure.dpi_scale_trans

    def axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """New axes without frame or background."""
        axes = self.figure.add_axes(self._bounds(left, top, width, height), facecolor="none")
        for spine in axes.spines.values():
            spine.set_visible(False)
        return axes

    def line(self, x: Sequence[float], y: Sequence[float], **style: Any) -> None:
        """Draw a line, or the markers of its points; it has a gap where a coordinate is NaN."""
        self.figure.add_artist(Line2D(x, y, transform=self._points, **style))

    def box(self, left: float, top: float, width: float, height: float, **style: Any) -> None:
        """Draw a rectangle."""
        self.figure.add_artist(Rectangle((left, top), width, height, transform=self._points, **style))

    def text(self, left: float, baseline: float, text: str, **style: Any) -> None:
        """Write one line of text."""
        self.figure.text(left / self.width, 1 - baseline / self.height, text, **style)

    def round_values(self, low: float, high: float) -> list[float]:
        """Some six round numbers from about `low` to about `high`, for the labels of an axis."""
        return [float(value) for value in MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)]

    def svg(self, prefix: str) -> str:
        """The figure, drawn in `PLACEHOLDERS`, in the colours and font of the page; `prefix` makes its ids unique."""
        file = io.StringIO()
        self.figure.patch.set_visible(False)
        canvas: Any = FigureCanvasSVG(self.figure)
        canvas.print_svg(file, metadata=METADATA)
        text = file.getvalue()
        text = re.sub(r"\s*<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
        text = re.sub("|".join(VARIABLES), lambda colour: VARIABLES[colour[0]], text)
        text = re.sub(r"font: (bold )?([\d.]+px) [^;\"]*", _font, text)
        text = re.sub(r' d="[^"]*"', lambda path: LONG_NUMBER.sub(lambda long: f"{float(long[0]):.1f}", path[0]), text)
        return re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{prefix}", text)

    def png(self) -> bytes:
        """The figure on white."""
        self.figure.set(dpi=PNG_DPI, facecolor="white")
        canvas: Any = FigureCanvasAgg(self.figure)
        canvas.draw()
        return encode_png(np.asarray(canvas.buffer_rgba()))

    def _bounds(self, left: float, top: float, width: float, height: float) -> tuple[float, float, float, float]:
        """Left, bottom, width and height as fractions of the figure."""
        across, up = 1 / self.width, 1 / self.height
        return left * across, (self.height - top - height) * up, width * across, height * up


def encode_png(pixels: NDArray[np.uint8]) -> bytes:
    """An image of rows of pixels, red, green and blue first. Pillow would spend most of its time choosing filters."""
    height, width, _ = pixels.shape
    rows = np.zeros((height, 1 + 3 * width), np.uint8)  # each row begins with its filter: 0 for none
    for colour in range(3):
        rows[:, 1 + colour :: 3] = pixels[..., colour]
    density = round(PNG_DPI / METRES_PER_INCH)
    return b"\x89PNG\r\n\x1a\n" + b"".join((
        _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        _chunk(b"pHYs", struct.pack(">IIB", density, density, 1)),
        _chunk(b"IDAT", isal_zlib.compress(rows.tobytes(), 1)),
        _chunk(b"IEND", b""),
    ))  # fmt: skip


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _font(found: re.Match[str]) -> str:
    return f"font-size: {found[2]}" + ("; font-weight: 600" if found[1] else "")
