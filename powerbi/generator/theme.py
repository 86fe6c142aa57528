"""The report theme: the colours of the HTML report and a colour-blind-safe palette for series."""

from typing import Any

NAME = "SingStatTheme"
PAPER, INK, MUTED, ACCENT, GRID, SOFT, BAD = "#ffffff", "#1b1b1b", "#5f6368", "#0b5394", "#dadce0", "#f5f6f7", "#a50e0e"
SERIES = (ACCENT, "#d55e00", "#00a4b7", "#663000", "#a21fd6", "#a28764", INK)
FONT = "Segoe UI"


def _solid(colour: str) -> dict[str, Any]:
    return {"solid": {"color": colour}}


def theme() -> dict[str, Any]:
    """The content of the theme file."""
    return {
        "name": NAME,
        "dataColors": list(SERIES),
        "foreground": INK,
        "background": PAPER,
        "tableAccent": ACCENT,
        "good": SERIES[2],
        "neutral": MUTED,
        "bad": BAD,
        "textClasses": {
            "callout": {"fontSize": 22, "fontFace": f"{FONT} Semibold", "color": INK},
            "title": {"fontSize": 12, "fontFace": f"{FONT} Semibold", "color": INK},
            "header": {"fontSize": 11, "fontFace": f"{FONT} Semibold", "color": INK},
            "label": {"fontSize": 10, "fontFace": FONT, "color": MUTED},
        },
        "visualStyles": {
            "*": {
                "*": {
                    "background": [{"show": True, "color": _solid(PAPER), "transparency": 0}],
                    "border": [{"show": True, "color": _solid(GRID), "radius": 4}],
                }
            },
            "page": {"*": {"background": [{"color": _solid(SOFT), "transparency": 0}]}},
            "textbox": {"*": {"background": [{"show": False}], "border": [{"show": False}]}},
            "lineChart": {"*": {"lineStyles": [{"strokeWidth": 2, "showMarker": False}]}},
        },
    }
