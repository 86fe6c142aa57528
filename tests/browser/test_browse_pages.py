"""The pages of `singstat browse` in a real browser: phone and desktop, light and dark, by keyboard, without scripts."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.test_report_page import CONTRAST, PICTURES
from tests.support.samples import LONG_TITLE, LONG_WORD, NASTY

DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
SCREENS = [
    pytest.param({"viewport": PHONE, "color_scheme": "dark"}, id="phone, dark"),
    pytest.param({"viewport": DESKTOP, "color_scheme": "light"}, id="desktop, light"),
]
PAGES = {
    "home": "/",
    "search": "/?q=gdp",
    "nothing found": "/?q=visitors",
    "revised": "/tables/M900001",
    "earlier edition": "/tables/M900001?edition=2026-07-24.1&from=2020+1Q",
    "200 series": "/tables/M900002?page=2",
    "no number": "/tables/M900003",
    "hostile labels": "/tables/M900004",
    "cross section": "/tables/17560",
    "list of series": "/tables/M900002/series",
    "revisions": "/tables/M900002/revisions",
    "hostile revisions": "/tables/M900004/revisions",
}


@contextmanager
def opened(browser: Browser, url: str, **settings: Any) -> Iterator[Page]:
    """A page in a browser context of its own; any console message or request of another server fails the test."""
    context, noise = browser.new_context(**settings), []
    page = context.new_page()
    page.on("console", lambda message: noise.append(message.text))
    page.on("pageerror", lambda error: noise.append(str(error)))
    page.on(
        "request",
        lambda request: noise.append(request.url) if not request.url.startswith("http://127.0.0.1:") else None,
    )
    try:
        page.goto(url)
        yield page
    finally:
        context.close()
    assert noise == []


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_the_screen_and_is_accessible(browser, site, name, screen):
    width = screen["viewport"]["width"]
    with opened(browser, site + PAGES[name], **screen) as page:
        violations = Axe().run(page).response["violations"]

        assert [(each["id"], each["nodes"][0]["html"]) for each in violations] == []
        assert page.evaluate(CONTRAST) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for picture in page.evaluate(PICTURES):
            assert picture["left"] >= 0, picture
            assert picture["right"] <= width, picture
            assert max(picture["above"], picture["below"]) <= 1, picture
            assert picture["texts"] >= 11, picture


def test_hostile_labels_are_escaped(browser, site):
    with opened(browser, f"{site}/tables/M900004", viewport=DESKTOP) as page:
        assert page.locator("h1").inner_text() == NASTY
        assert page.locator("h2").first.inner_text() == f"{NASTY} {LONG_WORD}"
        assert page.title() != "broken"
        assert page.locator("script").count() == 1  # our own
        assert page.locator("b, img").count() == 0


def test_the_latest_value_has_its_unit_its_change_and_what_it_was(browser, site):
    with opened(browser, f"{site}/tables/M900001", viewport=DESKTOP) as page:
        latest = page.locator(".latest").inner_text()
        first = page.locator("section[aria-labelledby=values] tbody tr").nth(1).all_inner_texts()
        drawn = page.locator("figure .wide svg text").all_text_contents()

    assert latest == "131 Million Dollars, 2025 2Q; +13.7% on the year"
    assert "".join(first).split("\t")[:2] == ["2025 1Q", "120.5"]
    assert {"24 Jul 2026", "24 Oct 2026", "131"} <= set(drawn)


def test_the_main_path_works_without_scripts(browser, site, tmp_path):
    with opened(browser, site, viewport=PHONE, java_script_enabled=False) as page:
        page.get_by_label("Search all tables").fill("indicators kind")
        page.get_by_role("button", name="Search").click()
        page.get_by_role("link", name=LONG_TITLE.strip()).click()
        page.get_by_label("Series", exact=True).select_option("1.3")
        page.get_by_label("From", exact=True).select_option("2025 Jan")
        page.get_by_label("To", exact=True).select_option("2025 Dec")
        page.get_by_role("button", name="Show").click()
        rows = page.locator("section[aria-labelledby=values] tbody tr")

        assert page.locator("h2").first.inner_text() == "Kind of Activity Number 3 With a Name That Goes On"
        assert (rows.count(), rows.first.locator("th").inner_text()) == (12, "2025 Dec")
        assert page.locator("option:checked").all_inner_texts()[1:3] == ["2025 Jan", "2025 Dec"]
        assert page.get_by_role("button", name="Copy").count() == 0
        with page.expect_download() as download:
            page.get_by_role("link", name="CSV of these rows").click()
        download.value.save_as(tmp_path / "rows.csv")

    assert Path(tmp_path / "rows.csv").read_text("utf-8").count("\n") == 13


def test_the_keyboard_is_enough(browser, site):
    with opened(browser, site, viewport=DESKTOP) as page:
        page.keyboard.press("Tab")
        assert page.locator(".skip").bounding_box()["x"] >= 0  # it comes into sight
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.type("m900005")
        page.keyboard.press("Enter")
        page.wait_for_url("**/?q=m900005")
        page.get_by_role("link", name="Balance of Trade").focus()
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        page.keyboard.press("Enter")
        page.wait_for_url("**/tables/M900005")
        page.get_by_role("link", name="Editions 2").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/tables/M900005/revisions")

        assert outline == "solid"
        assert page.get_by_role("heading", name="What the vintage of 24 Oct 2026 changed").is_visible()


def test_a_button_copies_the_code_beside_it(browser, site):
    permissions = ["clipboard-read", "clipboard-write"]
    with opened(browser, f"{site}/tables/M900001", viewport=DESKTOP, permissions=permissions) as page:
        page.get_by_role("button", name="Copy the SQL").click()
        page.get_by_text("Copied").wait_for()
        copied = page.evaluate("navigator.clipboard.readText()")

        assert copied == page.locator("pre code").first.text_content()
        assert copied.startswith("SELECT period, value, value_text\nFROM quarterly\nWHERE table_id = 'M900001'")


def test_a_link_leads_to_each_page_of_a_table(browser, site):
    with opened(browser, f"{site}/tables/M900002/revisions?page=2", viewport=DESKTOP) as page:
        page.get_by_role("link", name="Next").click()
        assert page.locator(".pages").inner_text().split("\n")[1] == "101 to 150 of 201 changes"
        page.get_by_role("link", name="Series 200").click()
        page.get_by_role("link", name="Kind of Activity Number 5 With a Name That Goes On", exact=True).click()

        assert page.url.endswith("/tables/M900002?series=1.5")
        assert page.locator(".latest").inner_text().startswith("77.7 Per Cent, 2025 Dec")
