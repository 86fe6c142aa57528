"""What all drawings share: colours that the page decides, its font, a unit of length, files that repeat to the byte."""

import io
import re
from typing import NamedTuple

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

POINTS, DOTS = 72, 144  # in an inch: of the page's unit, of a PNG
METADATA = {"Creator": None, "Date": None, "Format": None, "Type": None}
LONG_NUMBER = re.compile(r"-?\d+\.\d{2,}")

mpl.rcParams["font.size"] = 12
mpl.rcParams["svg.fonttype"] = "none"
mpl.rcParams["svg.hashsalt"] = "singstat"  # the same ids each time
mpl.rcParams["text.parse_math"] = False  # a label with two $ is no formula


class Colours(NamedTuple):
    paper: str
    ink: str
    muted: str
    accent: str
    before: str
    grid: str


LIGHT = Colours("#ffffff", "#1b1b1b", "#5f6368", "#0b5394", "#757575", "#dadce0")
# In an SVG the colours are the page's, light or dark: colours that nothing else has stand for them until it is text.
STAND_INS = Colours(*(f"#0102{place:02x}" for place in range(6)))
ROLES = {stand_in: f"var(--{role})" for role, stand_in in STAND_INS._asdict().items()}


def figure(width: float, height: float) -> Figure:
    """An empty sheet; lengths in points."""
    return Figure(figsize=(width / POINTS, height / POINTS))


def bare_axes(sheet: Figure, place: tuple[float, float, float, float]) -> Axes:
    """Axes without a frame or a ground; `place` is left, bottom, width and height as parts of the sheet."""
    axes = sheet.add_axes(place, facecolor="none")
    for spine in axes.spines.values():
        spine.set_visible(False)
    return axes


def svg(sheet: Figure, prefix: str) -> str:
    """What was drawn in `STAND_INS`, in the page's colours and font; `prefix` sets its ids apart from others'."""
    file = io.StringIO()
    sheet.savefig(file, format="svg", transparent=True, metadata=METADATA)
    text = file.getvalue()
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    text = re.sub("|".join(ROLES), lambda found: ROLES[found[0]], text)
    text = re.sub(r"font: (bold )?([\d.]+px) [^;\"]*", _font, text)
    text = re.sub(r' d="[^"]*"', lambda path: LONG_NUMBER.sub(lambda long: f"{float(long[0]):.1f}", path[0]), text)
    return re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{prefix}", text)


def png(sheet: Figure) -> bytes:
    """What was drawn, on white."""
    file = io.BytesIO()
    sheet.savefig(file, format="png", dpi=DOTS, facecolor="white", metadata={"Software": None})
    return file.getvalue()


def _font(found: re.Match[str]) -> str:
    return f"font-size: {found[2]}" + ("; font-weight: 600" if found[1] else "")
