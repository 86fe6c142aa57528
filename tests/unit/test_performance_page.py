"""docs/performance.md is the output of the last `make bench`, all parts of it."""

from msgspec.structs import replace

from benchmarks.__main__ import PARTS
from benchmarks.page import PAGE, load, render


def test_the_page_is_rendered_from_the_last_results():
    assert PAGE.read_text("utf-8") == render(load()), "run `make bench`; the page is never edited"


def test_every_part_was_measured():
    assert list(load()) == list(PARTS)


def test_another_result_is_another_page():
    results = load()
    name, measured = next(iter(results.items()))
    first, *others = measured.part.figures
    changed = replace(measured, part=replace(measured.part, figures=[replace(first, now=12345.0), *others]))

    assert "12,345" in render(results | {name: changed})
