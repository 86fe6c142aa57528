"""A link opens its report until it expires, and no other token opens anything."""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pipeline.api import link_token
from pipeline.api.link_token import LinkExpired, LinkForged

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
REPORT = "PowerBIChartCostExplorerReport/runs/20261123T080000-0a1b/report.html"


def signer(secret: bytes) -> link_token.Sign:
    return lambda message: hmac.digest(secret, message, hashlib.sha256)


def verify(message: bytes, mac: bytes) -> bool:
    return hmac.compare_digest(SIGN(message), mac)


SIGN = signer(b"ours")
TOKEN = link_token.create(REPORT, NOW, 7, SIGN)


@pytest.mark.parametrize("age", [timedelta(0), timedelta(days=6, hours=23)])
def test_a_link_opens_its_report(age):
    assert link_token.decode(TOKEN, NOW + age, verify) == REPORT


@pytest.mark.parametrize("age", [timedelta(days=7), timedelta(days=7, seconds=1), timedelta(days=70)])
def test_a_link_ends(age):
    with pytest.raises(LinkExpired):
        link_token.decode(TOKEN, NOW + age, verify)


def test_a_forged_link_is_not_told_from_an_expired_one():
    token = link_token.create(REPORT, NOW - timedelta(days=8), 7, signer(b"theirs"))

    with pytest.raises(LinkForged):
        link_token.decode(token, NOW, verify)


def test_every_flipped_bit_is_noticed():
    data = urlsafe_b64decode(TOKEN + "=" * (-len(TOKEN) % 4))
    for bit in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        token = urlsafe_b64encode(flipped).rstrip(b"=").decode()
        with pytest.raises(LinkForged):
            link_token.decode(token, NOW, verify)


def test_every_other_letter_is_noticed():
    """Even where the last character has unused bits."""
    for name in ("a", "ab", "abc"):
        token = link_token.create(link_token.REPORTS + name, NOW, 7, SIGN)
        for place, letter in enumerate(token):
            for other in "ABCDwxyz0123456789-_":
                if other != letter:
                    with pytest.raises(LinkForged):
                        link_token.decode(f"{token[:place]}{other}{token[place + 1 :]}", NOW, verify)


def test_every_truncation_is_noticed():
    for length in range(len(TOKEN)):
        with pytest.raises(LinkForged):
            link_token.decode(TOKEN[:length], NOW, verify)


@pytest.mark.parametrize("token", [TOKEN + "=", TOKEN + "A", TOKEN + "\n", f" {TOKEN}", f"{TOKEN}/..", "A" * 512, "é"])
def test_a_token_has_one_spelling(token):
    with pytest.raises(LinkForged):
        link_token.decode(token, NOW, verify)


@given(st.text())
def test_no_other_text_is_a_link(text):
    with pytest.raises(LinkForged):
        link_token.decode(text, NOW, verify)


@pytest.mark.parametrize(
    "key",
    [
        "athena/result.csv",
        "PowerBIChartCostExplorerReport/",
        "PowerBIChartCostExplorerReport/../athena/result.csv",
        "PowerBIChartCostExplorerReport/./a",
        "PowerBIChartCostExplorerReport//a",
        "PowerBIChartCostExplorerReport/a b",
        "PowerBIChartCostExplorerReport/a\n",
        "PowerBIChartCostExplorerReport/%2e%2e/a",
        "x/PowerBIChartCostExplorerReport/a",
        "PowerBIChartCostExplorerReport/" + "a" * 348,
    ],
)
def test_nothing_but_a_report_gets_a_link(key):
    with pytest.raises(ValueError, match="not a report|too long"):
        link_token.create(key, NOW, 7, SIGN)


def test_a_signed_name_that_leaves_the_reports_opens_nothing():
    message = link_token.EXPIRY.pack(2**32 - 1) + b"../athena/result.csv"
    token = urlsafe_b64encode(SIGN(message) + message).rstrip(b"=").decode()

    with pytest.raises(LinkForged):
        link_token.decode(token, NOW, verify)


def test_the_longest_report_still_fits():
    key = link_token.REPORTS + "a" * 347

    assert len(link_token.create(key, NOW, 7, SIGN)) < 512
    assert link_token.decode(link_token.create(key, NOW, 7, SIGN), NOW, verify) == key
