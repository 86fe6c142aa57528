"""The cost report page in a real browser: phone and desktop, light and dark, with and without a bill."""

from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from pipeline.billing.bill import Bill, Charge
from pipeline.billing.page import page as write
from pipeline.billing.summary import summarise, table
from pipeline.billing.wording import money
from pipeline.costs.estimate import RunCost
from pipeline.costs.record import CostRecord

from tests.browser.test_report_page import CONTRAST, DESKTOP, PHONE, PICTURES, opened

DAY = date(2026, 11, 23)
HOSTILE = '<script>document.title = "broken"</script> & "quotes" ' + "a very long name " * 20
SERVICES = ("AmazonCloudWatch", "AWS Glue", "AWS Lambda", "Amazon Athena", HOSTILE, "KMS", "S3", "Step Functions", "X")
BILLS = {
    "full": Bill(
        [
            Charge(date(2026, 11, day), name, Decimal(f"0.{place + 1}1234567"))
            for day in range(1, 21)
            for place, name in enumerate(SERVICES)
        ]
        + [Charge(date(2026, 11, 15), "Credits", Decimal("-7.5"))]
    ),
    "tiny": Bill([Charge(date(2026, 11, 20), "AWS Lambda", Decimal("0.0000000001"))]),
    "large": Bill([Charge(date(2026, 11, day), "Amazon Athena", Decimal("123456.789")) for day in range(1, 21)]),
    "denied": Bill([], notice="Access to Cost Explorer was denied.", remedy=f"AWS says: {'arn:aws:sts::role/' * 12}"),
}
RUNS = [CostRecord("one", DAY, RunCost(Decimal("0.2118"), [], "2026-08-12", "ap-southeast-1"))]


def summary(name):
    return summarise(DAY, "singstat", BILLS[name], RUNS)


@pytest.fixture(scope="session")
def folders(tmp_path_factory) -> dict[str, Path]:
    made = {name: tmp_path_factory.mktemp(name) for name in BILLS}
    for name, folder in made.items():
        (folder / "report.html").write_bytes(write(summary(name)))
    return made


@pytest.fixture(params=["phone", "desktop"])
def screen(request):
    return PHONE if request.param == "phone" else DESKTOP


@pytest.mark.parametrize("name", BILLS)
def test_the_page_fits_the_screen_and_the_chart_is_not_clipped(browser, folders, screen, name):
    with opened(browser, folders[name], viewport=screen) as page:
        pictures = page.evaluate(PICTURES)
        width = page.evaluate("document.documentElement.scrollWidth")

    assert width <= screen["width"]
    assert len(pictures) == (name != "denied")
    for picture in pictures:
        assert picture["left"] >= 0, picture
        assert picture["right"] <= screen["width"], picture
        assert max(picture["above"], picture["below"]) <= 1, picture
        assert picture["height"] > 150, picture
        assert picture["texts"] >= 11, picture
        assert picture["label"].startswith("Stacked bars, USD a day: ")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["full", "denied"])
def test_text_has_enough_contrast(browser, folders, screen, name, scheme):
    with opened(browser, folders[name], viewport=screen, color_scheme=scheme) as page:
        assert page.evaluate(CONTRAST) == []


@pytest.mark.parametrize("name", BILLS)
def test_the_page_is_accessible(browser, folders, name):
    with opened(browser, folders[name], viewport=DESKTOP) as page:
        levels = page.eval_on_selector_all("h1, h2, h3", "all => all.map(each => +each.tagName[1])")
        headless = "all => all.filter(each => !each.querySelector('thead th[scope=col]')).length"
        labelled = page.eval_on_selector_all(
            "[aria-labelledby]",
            "all => all.map(each => !!document.getElementById(each.getAttribute('aria-labelledby')))",
        )

        assert page.locator("html").get_attribute("lang") == "en"
        assert page.title() == "Costs of singstat, 23 Nov 2026"
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))
        assert page.eval_on_selector_all("table", headless) == 0
        assert all(labelled)


def test_the_figures_match_the_bill_and_names_are_escaped(browser, folders):
    expected = summary("full")
    with opened(browser, folders["full"], viewport=DESKTOP) as page:
        shown = dict(
            page.eval_on_selector_all(
                "section[aria-labelledby=days] tbody tr",
                "all => all.map(each => [each.cells[0].innerText, each.querySelector('data').value])",
            )
        )
        key = page.locator("figure .wide svg text").all_text_contents()
        assert page.locator("script").count() == 0

    assert {name: Decimal(value) for name, value in shown.items()} == {
        " ".join(each.name.split()): each.total for each in expected.services
    }
    assert {money(each.total) for each in expected.charted} <= set(key)


def test_the_csv_can_be_downloaded_offline(browser, folders, tmp_path):
    with opened(browser, folders["full"], viewport=DESKTOP) as page:
        with page.expect_download() as download:
            page.get_by_text("All figures as CSV").click()
        download.value.save_as(tmp_path / "costs.csv")
        assert download.value.suggested_filename == "costs.csv"

    assert (tmp_path / "costs.csv").read_bytes() == table(summary("full"))
