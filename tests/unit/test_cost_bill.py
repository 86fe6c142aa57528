"""The bill, the month, the forecast, the page and its chart, against figures computed by hand."""

import base64
import csv
import io
import itertools
import re
import struct
import zlib
from datetime import date, timedelta
from decimal import Decimal
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pipeline.billing import bars, wording
from pipeline.billing.bill import Bill, Charge, first_day, month_to_date, read, window
from pipeline.billing.mail import compose
from pipeline.billing.page import page
from pipeline.billing.summary import OTHER, SHOWN, summarise, table
from pipeline.costs.estimate import RunCost
from pipeline.costs.record import CostRecord

DAY = date(2026, 11, 23)
HOSTILE = '<script>alert(1)</script> & "quotes" $x$ ' + "long " * 60


def result(day: date, **services: str) -> dict:
    """One day of a GetCostAndUsage response."""
    groups = [
        {"Keys": [name], "Metrics": {"UnblendedCost": {"Amount": amount, "Unit": "USD"}}}
        for name, amount in services.items()
    ]
    following = day + timedelta(days=1)
    return {"TimePeriod": {"Start": day.isoformat(), "End": following.isoformat()}, "Groups": groups, "Total": {}}


def charges(*spent: tuple[str, int, str]) -> Bill:
    """Charges of (service, day of November, amount)."""
    return Bill([Charge(date(2026, 11, day), service, Decimal(amount)) for service, day, amount in spent])


def record(day: date, usd: str) -> CostRecord:
    return CostRecord("run", day, RunCost(Decimal(usd), [], "2026-08-12", "us-east-1"))


def text(body: bytes) -> str:
    """The visible text of a page."""
    plain = re.sub(r"<style>.*?</style>|<svg.*?</svg>|<[^>]*>", " ", body.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(plain))


def test_the_bill_is_read_exactly():
    answer = [result(date(2026, 11, 20), Lambda="0.0000133334", Credits="-1.5"), result(date(2026, 11, 21))]

    assert read(answer) == Bill(
        [
            Charge(date(2026, 11, 20), "Lambda", Decimal("0.0000133334")),
            Charge(date(2026, 11, 20), "Credits", Decimal("-1.5")),
        ]
    )


def test_a_bill_in_two_currencies_is_refused():
    mixed = result(DAY, Lambda="1")
    mixed["Groups"].append({"Keys": ["KMS"], "Metrics": {"UnblendedCost": {"Amount": "1", "Unit": "CNY"}}})

    with pytest.raises(ValueError, match="CNY and USD"):
        read([mixed])


@pytest.mark.parametrize(
    ("day", "first"),
    [
        pytest.param(date(2026, 11, 23), date(2026, 11, 1), id="late in a month: the whole month"),
        pytest.param(date(2026, 11, 8), date(2026, 10, 26), id="early: the 14 days"),
        pytest.param(date(2026, 12, 1), date(2026, 11, 1), id="the first: the previous month, still partly unbilled"),
        pytest.param(date(2027, 1, 5), date(2026, 12, 1), id="across the end of a year"),
    ],
)
def test_one_request_covers_the_window_and_the_month(day, first):
    assert first_day(day) == first
    assert (window(day)[0], window(day)[-1], len(window(day))) == (day - timedelta(days=13), day, 14)


@pytest.mark.parametrize(
    ("bill", "day", "expected"),
    [
        pytest.param(
            charges(*(("KMS", day, "0.1") for day in range(1, 21))),
            DAY,
            (date(2026, 11, 1), Decimal("2.0"), date(2026, 11, 20), Decimal("3.0")),
            id="20 days of 30 at 0.1",
        ),
        pytest.param(
            charges(("KMS", 19, "0.2"), ("KMS", 20, "0.4")),
            DAY,
            (date(2026, 11, 1), Decimal("0.6"), date(2026, 11, 20), Decimal("3.6")),
            id="deployed on the 19th: 0.3 a day for ten more days",
        ),
        pytest.param(
            charges(("KMS", 29, "0.2"), ("KMS", 30, "0.2")),
            date(2026, 12, 2),
            (date(2026, 11, 1), Decimal("0.4"), date(2026, 11, 30), Decimal("0.4")),
            id="the previous month has ended and was billed last",
        ),
        pytest.param(charges(), DAY, (date(2026, 11, 1), Decimal(0), None, None), id="nothing"),
        pytest.param(
            Bill([Charge(date(2026, 10, 28), "KMS", Decimal(1))]),
            date(2026, 11, 8),
            (date(2026, 11, 1), Decimal(0), None, None),
            id="charges of a month that was only requested in part",
        ),
    ],
)
def test_month_to_date_and_forecast(bill, day, expected):
    month = month_to_date(bill, day)

    assert (month.first, month.spent, month.until, month.forecast) == expected


@given(st.integers(1, 28), st.decimals("0.0001", 1000, places=4))
def test_constant_daily_costs_are_forecast_exactly(days, amount):
    bill = charges(*(("KMS", day, str(amount)) for day in range(1, days + 1)))

    assert abs(month_to_date(bill, date(2026, 11, days)).forecast - 30 * amount) < Decimal("0.0000001")


def many() -> Bill:
    """Nine services, two with the same sum, one a credit."""
    spent = [(f"Service {n}", day, f"0.0{9 - n}") for n in range(1, 8) for day in range(10, 22)]
    return charges(*spent, (HOSTILE, 12, "0.0000000001"), ("Credits", 13, "-0.5"))


def test_the_summary_adds_up():
    bill = many()
    summary = summarise(DAY, "singstat", bill, [record(DAY, "0.2"), record(DAY, "0.1"), record(date(2026, 11, 1), "9")])

    total = sum(charge.amount for charge in bill.charges)
    assert summary.billed == total
    assert sum(each.total for each in summary.charted) == total
    assert sum(day.billed or 0 for day in summary.days) == total
    assert len(summary.charted) == SHOWN + 1
    assert summary.charted[-1].name == OTHER
    assert [abs(each.total) for each in summary.services] == sorted(
        (abs(s.total) for s in summary.services), reverse=True
    )
    assert [day.billed is None for day in summary.days] == [False] * 12 + [True] * 2
    assert [(day.day, day.runs, day.estimated) for day in summary.days if day.runs] == [(DAY, 2, Decimal("0.3"))]


def test_the_csv_has_every_charge_exactly():
    bill = many()
    rows = list(csv.DictReader(io.StringIO(table(summarise(DAY, "singstat", bill, [record(DAY, "0.2")])).decode())))

    billed = {(row["day"], row["service"]): Decimal(row["amount"]) for row in rows if row["kind"] == "bill"}
    assert billed == {(charge.day.isoformat(), charge.service): charge.amount for charge in bill.charges}
    assert [row for row in rows if row["kind"] == "estimate"] == [
        {"day": "2026-11-23", "kind": "estimate", "service": "1 runs", "amount": "0.2", "currency": "USD"}
    ]


@pytest.mark.parametrize(
    ("value", "shown", "headline"),
    [
        ("0", "0", "0"),
        ("0.00000001", "<0.0001", "<0.0001"),
        ("0.0123456", "0.0123", "0.0123"),
        ("1234.5678", "1,234.5678", "1,234.57"),
        ("-0.5", "\u22120.5000", "\u22120.50"),
        ("-0.00000001", "\u22120.0000", "\u22120.0000"),
    ],
)
def test_money_is_formatted(value, shown, headline):
    assert (wording.money(Decimal(value)), wording.rounded(Decimal(value))) == (shown, headline)


@pytest.mark.parametrize(
    ("service", "name"),
    [("AWS Glue", "Glue"), ("AmazonCloudWatch", "CloudWatch"), ("Amazon Athena", "Athena"), ("Awsome", "Awsome")],
)
def test_service_names_omit_the_vendor(service, name):
    assert wording.short_name(service) == name


def test_the_page_shows_every_figure_and_escapes_names():
    summary = summarise(DAY, "singstat", many(), [record(DAY, "0.2")])
    body = page(summary)
    shown = text(body)

    for service in summary.services:
        assert wording.money(service.total) in shown
    assert "not yet" in shown
    assert f"Month to date: {wording.rounded(summary.month.spent)} USD" in shown
    assert "Forecast: about" in shown
    assert b"<script" not in body
    assert b"&lt;script&gt;alert(1)" in body
    (own,) = re.findall(r'href="data:text/csv;base64,([^"]*)"', body.decode())
    assert base64.b64decode(own) == table(summary)
    assert not re.search(r'(?:src|href)="(?!#|data:)', body.decode())


def test_without_a_bill_the_page_and_the_mail_give_the_reason():
    bill = Bill([], notice="Cost Explorer has no data yet.", remedy="Open it once.")
    summary = summarise(DAY, "singstat", bill, [record(DAY, "0.2")])
    mail = compose(summary, link="https://example.com/links/token")

    for shown in (text(page(summary)), mail.text):
        assert bill.notice in shown
        assert bill.remedy in shown
        assert "0.20 USD" in shown
    assert "no bill yet" in mail.subject
    assert "Month to date" not in text(page(summary))


def test_an_unbilled_month_is_stated():
    bill = Bill([Charge(date(2026, 10, 28), "KMS", Decimal(1))])
    summary = summarise(date(2026, 11, 8), "singstat", bill, [])

    assert "Nothing has been billed for November 2026 yet." in text(page(summary))


@pytest.mark.parametrize("application", ["singstat", "s" * 128, "\u65b0\u52a0\u5761"])
def test_the_subject_is_short_and_ascii(application):
    mail = compose(summarise(DAY, application, many(), []), link="https://example.com/links/token")

    assert len(mail.subject) < 100
    assert mail.subject.isascii()
    assert "\n" not in mail.subject
    assert "https://example.com/links/token" in mail.text.splitlines()


def png_pixels(body: bytes) -> tuple[int, int, set[bytes]]:
    """Width, height, and a sample of distinct pixel bytes of a PNG."""
    width, height = struct.unpack(">II", body[16:24])
    data, place = b"", 8
    while place < len(body):
        (length,) = struct.unpack(">I", body[place : place + 4])
        if body[place + 4 : place + 8] == b"IDAT":
            data += body[place + 8 : place + 8 + length]
        place += length + 12
    rows = zlib.decompress(data)
    return width, height, {rows[n : n + 1] for n in range(0, len(rows), 997)}


@pytest.mark.parametrize("bill", [many(), charges(("KMS", 20, "0.0000000001")), charges(("KMS", 20, "0"))])
def test_the_png_has_content(bill):
    summary = summarise(DAY, "singstat", bill, [record(DAY, "0.2")])
    width, height, values = png_pixels(bars.png(summary))

    assert width == 1920
    assert 500 < height < 1200
    assert len(values) > 5
    assert bars.png(summary) == bars.png(summary)


def test_services_are_distinguishable_without_colour():
    """Plain and hatched services alternate; no two hatches and no two plain colours are equal."""
    styles = bars._BarChart(summarise(DAY, "s", many(), []), bars.WIDE, bars.LIGHT)._styles()
    hatches = [style["hatch"] for style in styles]
    plain = [style["facecolor"] for style in styles if not style["hatch"]]

    assert len(styles) == SHOWN + 1
    assert all(bool(one) != bool(other) for one, other in itertools.pairwise(hatches))
    assert len(set(filter(None, hatches))) == sum(map(bool, hatches))
    assert len(set(plain)) == len(plain)


def test_charts_use_the_colours_of_the_page_and_unique_ids():
    body = page(summarise(DAY, "singstat", many(), [record(DAY, "0.2")])).decode()
    ids = re.findall(r'\bid="([^"]+)"', body)

    assert len(ids) == len(set(ids))
    assert "#0102" not in body
    roles = set(bars.Colours._fields) - {"before"}  # not used in bars
    assert {f"var(--{role})" for role in roles} <= set(re.findall(r"var\(--\w+\)", body))
