"""What must hold of the theme: it is registered, legible, and colour-blind readers tell its series apart."""

import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any

from tests.powerbi.checks.project import REPORT, Project

KEYS = frozenset("name dataColors foreground background tableAccent good neutral bad textClasses visualStyles".split())
COLOUR = re.compile("#[0-9a-f]{6}")
GRAPHICS, TEXT, APART = 3, 4.5, 20  # contrasts by WCAG 2.2; the distance in CIELAB is ours
# Machado, Oliveira and Fernandes (2009), severity 1.0, on linear RGB; the first is normal sight.
SIGHTS = (
    ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
)
TO_XYZ = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
WHITE = (0.9505, 1, 1.089)


def theme_is_registered(project: Project) -> Iterator[str]:
    report = project.json[f"{REPORT}definition/report.json"]
    named = report["themeCollection"]["customTheme"]["name"]
    items = [item for package in report["resourcePackages"] for item in package["items"]]
    if [item["name"] for item in items if item["type"] == "CustomTheme"] != [named]:
        yield f"the theme {named} is not among the resources"
    for item in items:
        content = project.json.get(f"{REPORT}StaticResources/RegisteredResources/{item['path']}")
        if content is None or f"{content.get('name')}.json" != named:
            yield f"{item['path']} is not the theme {named}"


def theme_is_readable(project: Project) -> Iterator[str]:
    theme = next(content for path, content in project.json.items() if "/RegisteredResources/" in path)
    yield from (f"a theme has no {key}" for key in theme.keys() - KEYS)
    colours = [*_colours(theme)]
    odd = [colour for colour in colours if not COLOUR.fullmatch(colour)]
    if odd or len(theme["dataColors"]) < 6:
        yield f"six series colours are needed, and colours like #0b5394, not {odd}"
        return
    paper = theme["background"]
    for colour in theme["dataColors"]:
        if _contrast(colour, paper) < GRAPHICS:
            yield f"series colour {colour} is hardly seen on {paper}"
    for colour in (theme["foreground"], *(style["color"] for style in theme["textClasses"].values())):
        if _contrast(colour, paper) < TEXT:
            yield f"text colour {colour} is hardly read on {paper}"
    for one, other in combinations(theme["dataColors"], 2):
        distance = min(_distance(one, other, sight) for sight in SIGHTS)
        if distance < APART:
            yield f"{one} and {other} look alike to some readers ({distance:.0f})"


def _colours(content: Any, key: str = "") -> Iterator[str]:
    if isinstance(content, dict):
        for name, value in content.items():
            yield from _colours(value, name)
    elif isinstance(content, list):
        for value in content:
            yield from _colours(value, key)
    elif key in {"dataColors", "foreground", "background", "tableAccent", "good", "neutral", "bad", "color"}:
        yield content


def _linear(colour: str) -> tuple[float, ...]:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return tuple(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)


def _times(matrix: Any, vector: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)


def _contrast(one: str, other: str) -> float:
    dark, light = sorted(_times(TO_XYZ, _linear(colour))[1] for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def _distance(one: str, other: str, sight: Any) -> float:
    a, b = (_lab(_times(sight, _linear(colour))) for colour in (one, other))
    return sum((p - q) ** 2 for p, q in zip(a, b, strict=True)) ** 0.5


def _lab(rgb: tuple[float, ...]) -> tuple[float, ...]:
    xyz = _times(TO_XYZ, tuple(min(max(part, 0), 1) for part in rgb))
    x, y, z = (_root(part / white) for part, white in zip(xyz, WHITE, strict=True))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _root(ratio: float) -> float:
    return ratio ** (1 / 3) if ratio > 0.008856 else 7.787 * ratio + 16 / 116
