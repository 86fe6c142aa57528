"""docs/performance.md, from benchmarks/results.json alone: `python -m benchmarks` writes both."""

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from benchmarks.figures import ROOT, Details, Figure, Part

RESULTS, PAGE = ROOT / "benchmarks" / "results.json", ROOT / "docs" / "performance.md"
TEMPLATE = ROOT / "benchmarks" / "performance.md"
FIGURES, DETAILS, MACHINES = "<!-- figures -->\n", "<!-- details -->\n", "<!-- machines -->\n"
ABOUT_INTEGER = 10


class Measured(Struct, frozen=True):
    """A part as it was measured last: on which day, on what."""

    day: str
    machine: str
    part: Part


def load() -> dict[str, Measured]:
    """The results by name of the part."""
    return msgspec.json.decode(RESULTS.read_bytes(), type=dict[str, Measured])


def store(results: dict[str, Measured]) -> None:
    """Write the results and the page."""
    RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=2) + b"\n")
    PAGE.write_text(render(results), "utf-8")


def render(results: dict[str, Measured]) -> str:
    """The page's template with its tables."""
    page = TEMPLATE.read_text("utf-8")
    for mark, lines in ((FIGURES, _figures(results)), (DETAILS, _details(results)), (MACHINES, _machines(results))):
        page = page.replace(mark, "".join(f"{line}\n" for line in lines))
    return page


def row(figure: Figure) -> list[str]:
    """A figure as the page and the terminal show it."""
    bar = "" if figure.bar is None else f"{'≥' if figure.at_least else '≤'} {number(figure.bar)}"
    met = {None: "", True: "yes", False: "**no**"}[figure.met]
    now = "not measured" if figure.now is None else f"{number(figure.now)} {figure.unit}".strip()
    return [figure.name, figure.before, now, bar, met, figure.note]


def number(value: float) -> str:
    """Three digits, or four of a cost below a hundredth."""
    return (
        f"{value:,.0f}"
        if value >= ABOUT_INTEGER
        else f"{value:.2f}"
        if value >= ABOUT_INTEGER / 100
        else f"{value:.4f}"
    )


def _figures(results: dict[str, Measured]) -> Iterator[str]:
    rows = [row(figure) for measured in results.values() for figure in measured.part.figures]
    yield from _table(["figure", "before", "now", "bar", "met", "range of the pairs, or why"], rows)


def _details(results: dict[str, Measured]) -> Iterator[str]:
    for name, measured in results.items():
        for details in measured.part.details:
            yield from _detail(name, details)


def _detail(name: str, details: Details) -> Iterator[str]:
    yield f"### {details.title}"
    yield ""
    if details.text:
        yield details.text
        yield ""
    yield from _table(details.header, details.rows)
    yield f"\n`make bench PARTS={name}`\n"


def _machines(results: dict[str, Measured]) -> Iterator[str]:
    by_machine: dict[tuple[str, str], list[str]] = {}
    for name, measured in results.items():
        by_machine.setdefault((measured.day, measured.machine), []).append(name)
    for (day, machine), names in by_machine.items():
        yield f"- {', '.join(names)}: {day}, {machine}"


def _table(header: list[str], rows: list[list[str]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    for each in rows:
        yield f"| {' | '.join(each)} |"
