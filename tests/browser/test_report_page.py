"""The report page in a real browser: phone and desktop, light, dark and print, hostile labels."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page

from local.cloud.sql import athena
from local.cloud.sql.catalogue import PUBLISHED
from tests.support.samples import LONG_TITLE, LONG_WORD, NASTY

pytestmark = pytest.mark.timeout(300)
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
CHARTS = {"M900001", "M900002", "M900004", "M900005", "M900006", "17560"}

# Texts whose contrast ratio is below WCAG 2 AA: 4.5, or 3 for large text.
CONTRAST = """() => {
  const parse = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, n) => sum + v * [.2126, .7152, .0722][n], 0);
  const behind = element => {
    for (let each = element; each; each = each.parentElement) {
      const colour = parse(getComputedStyle(each).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!own || !element.getClientRects().length || ["SCRIPT", "STYLE"].includes(element.tagName)) continue;
    const style = getComputedStyle(element);
    const colour = parse(element instanceof SVGElement ? style.fill : style.color);
    const [high, low] = [light(colour), light(behind(element))].sort((a, b) => b - a);
    const ratio = (high + .05) / (low + .05);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) found.push([element.textContent.slice(0, 40), ratio]);
  }
  return found;
}"""
PICTURES = """() => {
  const shown = [...document.querySelectorAll("figure [role=img]")].filter(each => each.getClientRects().length);
  return shown.map(each => {
    const frame = each.querySelector("svg").getBoundingClientRect();
    const parts = [...each.querySelectorAll("svg path, svg text")].filter(part => !part.closest("defs"));
    const inside = parts.map(part => part.getBoundingClientRect());
    const texts = [...each.querySelectorAll("svg text")].map(text => text.getBoundingClientRect().height);
    return {
      table: each.closest("section").getAttribute("aria-labelledby"),
      label: each.getAttribute("aria-label"),
      left: Math.min(frame.left, ...inside.map(box => box.left)),
      right: Math.max(frame.right, ...inside.map(box => box.right)),
      above: frame.top - Math.min(...inside.map(box => box.top)),
      below: Math.max(...inside.map(box => box.bottom)) - frame.bottom,
      height: frame.height,
      texts: Math.min(...texts),
    };
  });
}"""


@pytest.fixture(params=["first", "second"])
def folder(request: pytest.FixtureRequest, runs: tuple[Path, Path]) -> Path:
    """The reports of the first and of the second vintages."""
    return runs[request.param == "second"]


@pytest.fixture(params=["phone", "desktop"])
def page(request: pytest.FixtureRequest, browser: Browser, folder: Path) -> Iterator[Page]:
    """The page, opened from disk; any console message or network request fails the test."""
    with opened(browser, folder, viewport=PHONE if request.param == "phone" else DESKTOP) as page:
        yield page


@contextmanager
def opened(browser: Browser, folder: Path, **settings: Any) -> Iterator[Page]:
    """A report in a browser context of its own; any console message or network request fails the test."""
    context, noise = browser.new_context(**settings), []
    page, url = context.new_page(), (folder / "report.html").as_uri()
    page.on("console", lambda message: noise.append(message.text))
    page.on("pageerror", lambda error: noise.append(str(error)))
    page.on("request", lambda request: noise.append(request.url))
    try:
        page.goto(url)
        yield page
    finally:
        context.close()
    assert noise == [url]


def unfold(section: Locator) -> None:
    """Open the values of a table, which are folded on a phone."""
    if (summary := section.locator("summary")).is_visible():
        summary.click()


def test_every_chart_is_visible_and_not_clipped(page):
    width = page.viewport_size["width"]
    pictures = page.evaluate(PICTURES)

    assert {picture["table"] for picture in pictures} - {"M900007", "M900008"} == CHARTS
    for picture in pictures:
        assert picture["left"] >= 0, picture
        assert picture["right"] <= width, picture
        assert max(picture["above"], picture["below"]) <= 1, picture
        assert picture["height"] > 150, picture
        assert picture["texts"] >= 11, picture
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_enough_contrast(page, scheme):
    page.emulate_media(color_scheme=scheme)

    assert page.evaluate(CONTRAST) == []


def test_the_page_is_accessible(page):
    levels = page.eval_on_selector_all("h1, h2, h3, h4", "all => all.map(each => +each.tagName[1])")
    unnamed = "all => all.filter(e => !(e.textContent.trim() || e.getAttribute('aria-label'))).length"
    ids = page.eval_on_selector_all("[id]", "all => all.map(each => each.id)")

    assert page.locator("html").get_attribute("lang") == "en"
    assert "SingStat" in page.title()
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert page.eval_on_selector_all("a, th, h1, h2, h3", unnamed) == 0
    assert (
        page.eval_on_selector_all(
            "table", "all => all.filter(each => !each.querySelector('thead th[scope=col]')).length"
        )
        == 0
    )
    assert all(picture["label"].startswith(("Line chart: ", "Bar chart: ")) for picture in page.evaluate(PICTURES))
    assert len(ids) == len(set(ids))
    targets = page.eval_on_selector_all("a[href^='#']", "all => all.map(each => each.hash.slice(1))")
    assert set(targets) <= set(ids)


def test_hostile_labels_are_escaped(page):
    section = page.locator("section[aria-labelledby=M900004]")

    assert section.locator("h2").inner_text() == NASTY
    assert section.locator("figcaption strong").inner_text() == f"{NASTY} {LONG_WORD}"
    unfold(section)
    assert NASTY in section.locator("p.note").first.inner_text()
    assert '=HYPERLINK("https://example.invalid","x")' in section.inner_text()
    assert page.title() != "broken"
    assert page.locator("script").count() == 1  # our own
    assert page.locator("b, img").count() == 0


def test_the_first_screen_says_what_moved_and_what_was_revised(browser, runs):
    with opened(browser, runs[1], viewport=DESKTOP) as page:
        changed = page.locator("section[aria-labelledby=changed]")
        moves = [move.split("\n")[:2] for move in changed.locator(".moves li").all_inner_texts()]
        revised = changed.locator("ul:not(.moves) li").all_inner_texts()
        lead = page.locator("p.lead").inner_text()

    assert moves == [
        ["GDP, 2025 2Q: 131 Million Dollars", "+13.7% on the year, +8.7% on the quarter"],
        [
            "Kind of Activity Number 1 With a Name That Goes On, 2026 Jan: 40 Per Cent",
            "+9.3 points on the year, \u221237.7 points on the month",
        ],
    ]
    assert revised[1] == "Balance of Trade: 2 cells revised, the largest in Balance, 2020: 5.5 to 2.5 (\u22123.0)."
    assert "208 cells revised." in lead


def test_on_a_phone_values_are_folded_below_the_chart(browser, runs):
    with opened(browser, runs[0], viewport=PHONE) as page:
        section = page.locator("section[aria-labelledby=M900001]")
        values = section.locator("table").first

        assert section.locator("figure").is_visible()
        assert not values.is_visible()
        unfold(section)
        assert values.is_visible()


def test_failed_and_unchanged_tables_are_listed(browser, runs):
    with opened(browser, runs[1], viewport=DESKTOP) as page:
        failed = page.locator("section[aria-labelledby=failed]").inner_text()
        unchanged = page.locator("section[aria-labelledby=unchanged]").inner_text()
        lead = page.locator("p.lead").inner_text()

    assert "M900008: TableNotFound" in failed
    assert "Next: look for its successor" in failed
    assert "Always the Same (M900007, vintage of 24 Jul 2026)" in unchanged
    assert lead.startswith("1 unchanged, 1 failed.")


def test_a_table_without_a_number_says_so(browser, runs):
    with opened(browser, runs[0], viewport=DESKTOP) as page:
        section = page.locator("section[aria-labelledby=M900003]")

        assert section.locator("figure").count() == 0
        assert "No chart: every value of this table is missing." in section.inner_text()


def test_the_previous_vintage_is_distinguishable_without_colour(browser, runs):
    dashed = "svg path[style*='stroke-dasharray']"
    with opened(browser, runs[0], viewport=DESKTOP) as page:
        assert page.locator(f"section[aria-labelledby=M900001] {dashed}").count() == 0
    with opened(browser, runs[1], viewport=DESKTOP) as page:
        chart = page.locator("section[aria-labelledby=M900001] .wide")

        assert chart.locator(dashed).count() > 0
        assert {"24 Jul 2026", "24 Oct 2026"} <= set(chart.locator("svg text").all_text_contents())
        assert "24 Jul 2026, is drawn dashed" in str(chart.get_attribute("aria-label"))


def test_a_line_has_gaps_where_values_are_missing(browser, runs):
    with opened(browser, runs[0], viewport=DESKTOP) as page:
        drawn = page.locator("section[aria-labelledby=M900005] .wide svg path[style*='var(--accent)']").first
        pieces = str(drawn.get_attribute("d")).count("M ")

    assert pieces > 3


def test_the_first_of_many_series_are_shown_with_a_reference_to_the_rest(browser, runs):
    with opened(browser, runs[1], viewport=DESKTOP) as page:
        section = page.locator("section[aria-labelledby=M900002]")

        assert section.locator("h2").inner_text() == LONG_TITLE.strip()
        assert section.locator("tr[data-period]").count() == 20
        assert "20 of 200 series; all are in data.xlsx." in section.inner_text()
        assert "200 cells revised, 1 new, 0 deleted" in section.inner_text()
        assert "The largest 20 of 201." in section.inner_text()


def test_the_latest_values_match_the_published_ones(browser, runs):
    read = """all => all.map(row => ({
      table: row.closest("section").getAttribute("aria-labelledby"),
      series: row.dataset.series,
      period: row.dataset.period,
      value: row.querySelector("data")?.value ?? null,
    }))"""
    with opened(browser, runs[1], viewport=DESKTOP) as page:
        shown = page.eval_on_selector_all("tr[data-period]:not([data-period=''])", read)

    union = " UNION ALL ".join(
        f"SELECT table_id, series_no, period, value, period_start FROM {frequency}"
        for frequency in ("monthly", "quarterly", "yearly")
    )
    last = (
        "SELECT table_id, series_no, period, value FROM (SELECT *, row_number() OVER"
        f" (PARTITION BY table_id, series_no ORDER BY period_start DESC) AS n FROM ({union}) u) v WHERE n = 1"
    )
    published = {tuple(row[:3]): row[3] for row in athena.run(last, PUBLISHED, [], lake(runs[1])).rows}

    assert len(shown) == 20 + 6
    for row in shown:
        value = published[row["table"], row["series"], row["period"]]
        assert (row["value"] is None) == (value is None), row
        assert value is None or Decimal(row["value"]) == Decimal(value), row


def lake(folder: Path) -> Path:
    return folder.parents[3]


def test_it_prints_dark_text_on_white(browser, runs):
    with opened(browser, runs[1], viewport=DESKTOP, color_scheme="dark") as page:
        page.emulate_media(media="print", color_scheme="dark")

        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.evaluate(CONTRAST) == []
        assert len(page.pdf()) > 50_000
