"""Links on the laptop's AWS, as API Gateway hands them to the function: KMS signs, S3 keeps the report."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
import requests
from pipeline.api import link_token

REPORT = "PowerBIChartCostExplorerReport/runs/20261123T080000-0a1b/report.html"
CONTENT = b"<h1>What is new</h1>"
OPENED = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


def signer(laptop, key_id: str) -> link_token.Sign:
    kms = laptop.aws.client("kms")
    return lambda message: kms.generate_mac(KeyId=key_id, Message=message, MacAlgorithm="HMAC_SHA_256")["Mac"]


def ask(laptop, function: str, parameters: dict[str, str], method: str = "GET") -> dict:
    name = laptop.aws.resource(function)
    payload = msgspec.json.encode({"httpMethod": method, "pathParameters": parameters})
    answer = laptop.aws.client("lambda").invoke(FunctionName=name, Payload=payload)
    assert "FunctionError" not in answer
    return msgspec.json.decode(answer["Payload"].read())


@pytest.fixture
def open_link(laptop) -> Callable[..., dict]:
    laptop.aws.put(f"s3://{laptop.aws.resource('ResultsBucket')}/{REPORT}", CONTENT)
    return lambda token, method="GET": ask(laptop, "OpenLinkFunction", {"token": token}, method)


@pytest.fixture
def make(laptop) -> Callable[..., str]:
    """A token of a link that was made some time ago."""
    sign = signer(laptop, "alias/Singstat-link-key")

    def make(key: str = REPORT, **ago: float) -> str:
        return link_token.create(key, datetime.now(UTC) - timedelta(**ago), 7, sign)

    return make


def refusal(answer: dict) -> int:
    """The status of a page for people, which runs nothing and says nothing of its own workings."""
    assert answer["headers"]["Content-Type"] == "text/html; charset=utf-8"
    assert OPENED.items() <= answer["headers"].items()
    assert "<script" not in answer["body"]
    assert "PowerBI" not in answer["body"]
    return answer["statusCode"]


@pytest.mark.parametrize("ago", [{}, {"days": 6, "hours": 23}])
def test_a_link_leads_to_the_report(open_link, make, ago):
    answer = open_link(make(**ago))

    location = answer["headers"].pop("Location")
    assert (answer["statusCode"], answer["headers"], answer["body"]) == (302, OPENED, "")
    assert parse_qs(urlsplit(location).query)["X-Amz-Expires"] == ["600"]
    assert requests.get(location, timeout=10).content == CONTENT


def test_a_link_asked_for_with_head_leads_to_the_report(open_link, make):
    answer = open_link(make(), "HEAD")

    location = answer["headers"].pop("Location")
    assert (answer["statusCode"], answer["headers"], answer["body"]) == (302, OPENED, "")
    followed = requests.head(location, timeout=10)
    assert (followed.status_code, followed.headers["Content-Length"]) == (200, str(len(CONTENT)))


@pytest.mark.parametrize("after", [".", ")", ").", "),", '">', "…”", "!?"])
def test_a_link_with_punctuation_behind_it_leads_to_the_report(open_link, make, after):
    assert open_link(make() + after)["statusCode"] == 302


def test_a_link_ends_after_seven_days(open_link, make):
    assert refusal(open_link(make(days=7, seconds=1))) == 410


def test_deleting_the_report_withdraws_its_links(laptop, open_link, make):
    token = make()
    laptop.aws.client("s3").delete_object(Bucket=laptop.aws.resource("ResultsBucket"), Key=REPORT)

    assert refusal(open_link(token)) == 404


def test_a_link_of_another_key_opens_nothing(laptop, open_link):
    key = laptop.aws.client("kms").create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]
    token = link_token.create(REPORT, datetime.now(UTC), 7, signer(laptop, key["KeyId"]))

    assert refusal(open_link(token)) == 403


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda token: token[:-1], id="truncated"),
        pytest.param(lambda token: ("B" if token[0] == "A" else "A") + token[1:], id="its signature changed"),
        pytest.param(lambda token: token[:44] + ("B" if token[44] == "A" else "A") + token[45:], id="its end changed"),
        pytest.param(lambda token: f"{token}A", id="longer"),
        pytest.param(lambda token: f"../{token}", id="a path"),
        pytest.param(lambda _: "<script>alert(1)</script>", id="markup"),
        pytest.param(lambda _: "A" * 10_000, id="long"),
    ],
)
def test_a_changed_link_opens_nothing(open_link, make, change):
    assert refusal(open_link(change(make()))) == 403
