"""The pages as a site: links are checked; a browser shows each of them, on a desktop and a phone, from disk alone."""

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, expect

from tests.support.once import once
from tools import pages

pytestmark = pytest.mark.skipif(
    not pages.ZENSICAL.exists(), reason="not checked: zensical belongs to the gate, `make .venv/check`"
)
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
NOT_LOADED = "[...document.images].filter(each => !each.naturalWidth).map(each => each.src)"


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    def make(folder: Path) -> None:
        pages.stage(folder)
        assert pages.build(folder) == ""

    return once(tmp_path_factory, "site", make) / "site"


def test_every_page_fits_and_asks_nothing_of_the_network(site, browser: Browser):
    shown = browser.new_page()
    asked: list[str] = []
    shown.on("request", lambda request: None if request.url.startswith("file:") else asked.append(request.url))
    found = sorted({*site.rglob("*.html")} - {*site.glob("docs/decisions/0*")})

    assert len(found) > len(list((pages.ROOT / "docs").glob("*.md")))
    for page in found:
        shown.goto(page.as_uri())
        assert shown.evaluate(NOT_LOADED) == [], page
        for size in (DESKTOP, PHONE):
            shown.set_viewport_size(size)
            assert not shown.evaluate(TOO_WIDE), (page, size)
    assert asked == []
    shown.close()


def test_the_search_finds_a_heading_of_the_runbook(site, browser: Browser):
    handler = partial(SimpleHTTPRequestHandler, directory=site)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        shown = browser.new_page(viewport=DESKTOP)
        shown.goto(f"http://127.0.0.1:{server.server_port}/index.html")
        field = shown.locator("input[aria-label=Search]")
        while not field.is_visible():  # the page listens a moment after it is loaded
            shown.keyboard.press("Control+k")
            shown.wait_for_timeout(500)
        field.fill("PublishConflict")

        found = shown.locator("a[href*='docs/runbook.html']").filter(visible=True)
        expect(found.first).to_be_visible(timeout=30_000)
        shown.close()
        server.shutdown()


@pytest.mark.parametrize(
    "link",
    [
        pytest.param("[x](docs/none.md)", id="a page that is not there"),
        pytest.param("[x](docs/data.md#none)", id="a heading that is not there"),
    ],
)
def test_a_link_that_leads_nowhere_is_named(tmp_path, link):
    pages.stage(tmp_path)
    with (tmp_path / "pages" / "README.md").open("a") as page:
        page.write(f"\n{link}\n")

    assert link in pages.build(tmp_path)
