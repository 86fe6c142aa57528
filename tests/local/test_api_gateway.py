"""The API of template.yaml over HTTP: authentication, refusals, and that only a valid body starts a run."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local.cli.serve import Keys, serving
from local.cloud.api.routes import read_routes
from tests.support import doors

FORM = "application/x-www-form-urlencoded"
ONE = b'{"tables": ["M213751"]}'
MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[doors.House]:
    with doors.house(tmp_path_factory.mktemp("house")) as opened:
        yield opened


def refused(answer: Any) -> tuple[int, str]:
    """Status and error, after checking that the response has the form of all errors."""
    told = answer.json()
    assert set(told) == {"error", "message"}
    assert answer.headers["Content-Type"] == "application/json"
    assert not re.search(r"Traceback|File \"|arn:|amazon|botocore|Exception", answer.text)
    return answer.status_code, told["error"]


class TestStart:
    def test_a_run_has_the_name_and_input_of_the_request(self, house: doors.House) -> None:
        answer = doors.send(house.open, "POST", "/quarterly", b'{"force": true}', {"Idempotency-Key": "first-1"})
        assert (answer.status_code, answer.json()) == (
            202,
            {
                "runId": "first-1",
                "executionArn": doors.MACHINE.replace("stateMachine", "execution") + ":first-1",
                "statusUrl": f"{house.open.url}/runs/first-1",
            },
        )
        assert house.inputs()["first-1"] == {"list": "quarterly", "force": True}

    @pytest.mark.parametrize("kind", ["application/json", FORM, "application/json; charset=utf-8", None])
    def test_content_types(self, house: doors.House, kind: str | None) -> None:
        answer = doors.send(house.open, "POST", "/yearly", ONE, {"Content-Type": kind} if kind else {})
        assert answer.status_code == 202
        assert house.inputs()[answer.json()["runId"]] == {"tables": ["M213751"], "frequency": "yearly"}

    def test_without_a_body(self, house: doors.House) -> None:
        run_id = doors.send(house.open, "POST", "/monthly").json()["runId"]
        assert house.inputs()[run_id] == {"list": "monthly"}

    def test_an_ended_run_keeps_its_key(self, house: doors.House) -> None:
        headers = {"Idempotency-Key": "ended-1"}
        house.aws.client("stepfunctions").start_execution(stateMachineArn=doors.MACHINE, name="ended-1", input="{}")
        answer = doors.send(house.open, "POST", "/monthly", ONE, headers)
        told = answer.json()
        assert (answer.status_code, told["error"], told["runId"]) == (409, "RunExists", "ended-1")
        assert told["statusUrl"] == f"{house.open.url}/runs/ended-1"
        assert house.inputs()["ended-1"] == {}

    def test_concurrent_requests_with_one_key_start_one_run(self, house: doors.House) -> None:
        before = len(house.inputs())
        with ThreadPoolExecutor(10) as pool:
            asked = [
                pool.submit(doors.send, house.open, "POST", "/monthly", ONE, {"Idempotency-Key": "many"})
                for _ in range(20)
            ]
        assert {one.result().status_code for one in asked} <= {202, 409}
        assert {one.result().json()["runId"] for one in asked} == {"many"}
        assert len(house.inputs()) == before + 1


class TestSignature:
    def test_the_caller_is_accepted(self, house: doors.House) -> None:
        assert doors.send(house.signed, "POST", "/monthly", ONE, {"Idempotency-Key": "signed"}).status_code == 202
        assert doors.send(house.signed, "GET", "/runs/a%20b?x=1&a=%2F").status_code == 299

    def test_curl_is_accepted(self, house: doors.House) -> None:
        curl = shutil.which("curl")
        if not curl or "--aws-sigv4" not in subprocess.check_output([curl, "--help", "all"], text=True):
            pytest.skip("not checked: there is no curl that signs")
        door = house.signed
        done = subprocess.run(
            [
                *(curl, "-s", "-w", "%{http_code}", "--aws-sigv4", "aws:amz:ap-southeast-1:execute-api"),
                *("--user", ":".join(door.keys or ()), "-d", '{"force": true}', f"{door.url}/monthly"),
            ],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.endswith("202")

    @pytest.mark.parametrize(("method", "path"), [*(("POST", f"/{name}") for name in doors.ROUTES), ("GET", "/runs/a")])
    def test_other_callers_are_refused(self, house: doors.House, method: str, path: str) -> None:
        before = house.inputs()
        door = house.signed
        role = house.aws.credentials(house.aws.attribute("ApiRole", "Arn"))
        roles = door._replace(keys=Keys(role["aws_access_key_id"], role["aws_secret_access_key"]))
        other = door._replace(keys=Keys(door.keys.access if door.keys else "", "0" * 40))
        unsigned = house.open._replace(url=door.url)
        assert refused(doors.send(unsigned, method, path, ONE)) == (403, "NotSignedOrNoRoute")
        assert refused(doors.send(unsigned, method, path, ONE, {"Authorization": "Basic x"})) == (
            403,
            "InvalidSignature",
        )
        assert refused(doors.send(other, method, path, ONE)) == (403, "InvalidSignature")
        assert refused(doors.send(roles, method, path, ONE)) == (403, "InvalidSignature")
        assert house.inputs() == before

    @pytest.mark.parametrize(
        "change",
        [
            {"path": "/yearly"},
            {"path": "/monthly?x=1"},
            {"body": b'{"tables": ["M550002"]}'},
            {"headers": {"Idempotency-Key": "another"}},
            {"headers": {"X-Amz-Date": "20200101T000000Z"}},
            {"headers": {"X-Amz-Date": "soon"}},
            {"headers": {"Host": "localhost:1"}},
        ],
    )
    def test_signed_parts_cannot_be_changed(self, house: doors.House, change: dict[str, Any]) -> None:
        before, door = house.inputs(), house.signed
        headers = doors.sign(door, "POST", "/monthly", ONE, {"Idempotency-Key": "mine"}) | change.get("headers", {})
        sent = house.open._replace(url=door.url)
        answer = doors.send(sent, "POST", change.get("path", "/monthly"), change.get("body", ONE), headers)
        assert refused(answer) == (403, "InvalidSignature")
        assert house.inputs() == before

    def test_a_replayed_request_is_the_same_run_until_its_signature_expires(
        self, house: doors.House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        door, sent = house.signed, house.open._replace(url=house.signed.url)
        headers = doors.sign(door, "POST", "/monthly", ONE, {"Idempotency-Key": "replayed"})
        answers = [doors.send(sent, "POST", "/monthly", ONE, headers) for _ in range(3)]
        assert {answer.json()["runId"] for answer in answers} == {"replayed"}
        monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: datetime.now(UTC) - timedelta(minutes=6))
        old = doors.sign(door, "POST", "/monthly", ONE)
        assert refused(doors.send(sent, "POST", "/monthly", ONE, old)) == (403, "InvalidSignature")


class TestRefused:
    @pytest.mark.parametrize(
        "body",
        [
            *('{"tables": []}', '{"tables": "M213751"}', '{"tables": ["M213751", "M213751"]}', '{"tables": [213751]}'),
            *(
                '{"tables": ["../../x"]}',
                '{"tables": ["M1/.."]}',
                '{"tables": ["m213751"]}',
                '{"tables": ["M213751\\n"]}',
            ),
            *(
                '{"tables": ["M213751\\u0000"]}',
                '{"tables": ["\\uff2d213751"]}',
                '{"tables": [""]}',
                '{"tables": null}',
            ),
            *('{"tables": ["M213751"], "force": "yes"}', '{"force": 1}', '{"crawl": "never"}', '{"crawl": null}'),
            *(
                '{"dataset": "monthly"}',
                '{"frequency": "yearly"}',
                '{"stateMachineArn": "x"}',
                '{"name": "x"}',
                '{"input": "{}"}',
            ),
            *(
                '{"url": "http://169.254.169.254/"}',
                '{"base_url": "file:///etc/passwd"}',
                '{"SourceUrl": "http://[::1]/"}',
            ),
            *("[]", "null", '"x"', "1", "{", "tables=M213751", '{"force": NaN}', "\ud800", "\x00", "{}{}", "'{}'"),
            json.dumps({"tables": [f"M{number:06}" for number in range(201)]}),
            json.dumps({"tables": ["9" * 10_000]}),
            "[" * 100_000,
            '{"tables":' * 50_000,
        ],
        ids=lambda body: ascii(body[:40]),
    )
    @pytest.mark.parametrize("kind", ["application/json", FORM])
    def test_bodies(self, house: doors.House, body: str, kind: str) -> None:
        before = house.inputs()
        answer = doors.send(
            house.open, "POST", "/monthly", body.encode("utf-8", "surrogatepass"), {"Content-Type": kind}
        )
        assert refused(answer) == (400, "InvalidBody")
        assert house.inputs() == before

    @pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data", "*/*"])
    def test_content_types(self, house: doors.House, kind: str) -> None:
        before = house.inputs()
        answer = doors.send(house.open, "POST", "/monthly", ONE, {"Content-Type": kind})
        assert refused(answer) == (415, "UnsupportedMediaType")
        assert house.inputs() == before

    @pytest.mark.parametrize("key", ["a b", "a/b", "../x", "x" * 81, "é", "a,b", '"', "a:b", "$run", "%2e"])
    def test_keys(self, house: doors.House, key: str) -> None:
        before = house.inputs()
        headers = {"Idempotency-Key": key.encode().decode("latin-1")}
        assert refused(doors.send(house.open, "POST", "/monthly", ONE, headers)) == (400, "InvalidIdempotencyKey")
        assert house.inputs() == before

    def test_duplicate_json_keys_are_validated_as_they_are_started(self, house: doors.House) -> None:
        good = doors.send(house.open, "POST", "/monthly", b'{"tables": ["../x"], "tables": ["M213751"]}')
        assert house.inputs()[good.json()["runId"]]["tables"] == ["M213751"]
        bad = doors.send(house.open, "POST", "/monthly", b'{"tables": ["M213751"], "tables": ["../x"]}')
        assert refused(bad) == (400, "InvalidBody")

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            *(("GET", "/"), ("GET", "/monthly"), ("PUT", "/monthly"), ("OPTIONS", "/monthly"), ("POST", "/runs/a")),
            *(("POST", "/monthly/"), ("POST", "/x/../monthly"), ("POST", "/%6donthly")),
            *(
                ("GET", "/runs/"),
                ("GET", "/runs/a/b"),
                ("GET", "/runs/../links/x/"),
                ("GET", "/runs/a/../../etc/passwd"),
            ),
            *(("GET", "/links/"), ("POST", "/links/x"), ("DELETE", "/runs/a"), ("POST", "/all"), ("POST", "/MONTHLY")),
        ],
    )
    def test_routes(self, house: doors.House, method: str, path: str) -> None:
        before = house.inputs()
        assert refused(doors.send(house.open, method, path, ONE)) == (403, "NotSignedOrNoRoute")
        assert house.inputs() == before

    def test_large_bodies(self, house: doors.House) -> None:
        before = house.inputs()
        padded = json.dumps({"tables": ["M" * 6 * MEGABYTE]}).encode()
        assert refused(doors.send(house.open, "POST", "/monthly", padded)) == (400, "InvalidBody")
        assert refused(doors.send(house.open, "POST", "/monthly", b" " * 11 * MEGABYTE)) == (413, "BodyTooLarge")
        chunked = b"POST /monthly HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        chunk = b"100000\r\n" + b" " * MEGABYTE + b"\r\n"
        assert b" 413 " in doors.raw(house.open, chunked + chunk * 11 + b"0\r\n\r\n").splitlines()[0]
        assert house.inputs() == before

    def test_headers_are_within_the_quota(self, house: doors.House) -> None:
        """10,240 bytes of request line and header values; the other headers take less than 500."""
        assert doors.send(house.open, "GET", "/runs/none", headers={"X-Long": "x" * 9_700}).status_code == 299
        assert refused(doors.send(house.open, "GET", "/runs/none", headers={"X-Long": "x" * 10_240})) == (
            431,
            "Refused",
        )

    @pytest.mark.parametrize(
        "line",
        [
            b"Idempotency-Key: a\r\n b",
            b"Idempotency-Key: a\r\nIdempotency-Key: b",
            b"Idempotency-Key: a%0d%0aX-Evil: 1",
        ],
    )
    def test_header_injection(self, house: doors.House, line: bytes) -> None:
        before = house.inputs()
        answer = doors.raw(
            house.open, b"POST /monthly HTTP/1.1\r\nHost: localhost\r\n" + line + b"\r\nContent-Length: 0\r\n\r\n"
        )
        assert b" 400 " in answer.splitlines()[0]
        assert b"X-Evil" not in answer
        assert house.inputs() == before

    @pytest.mark.parametrize("host", ["evil.example", "169.254.169.254", "127.0.0.1.evil.example", ""])
    def test_other_hosts(self, house: doors.House, host: str) -> None:
        assert refused(doors.send(house.open, "POST", "/monthly", ONE, {"Host": host})) == (403, "NotAllowed")


TABLES = st.lists(st.from_regex(r"[A-Z]?[0-9]{4,6}", fullmatch=True) | st.text(max_size=8) | st.integers(), max_size=4)
ANYTHING = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | TABLES
BODIES = st.fixed_dictionaries(
    {},
    optional={
        "tables": TABLES | ANYTHING,
        "force": st.booleans() | ANYTHING,
        "accept": st.booleans() | ANYTHING,
        "list": st.sampled_from(["mine", "monthly", "a/b", "Mine", ""]) | ANYTHING,
        "crawl": st.sampled_from(["auto", "always", "never"]) | ANYTHING,
        "input": ANYTHING,
    },
)


def valid(body: dict[str, Any]) -> bool:
    tables, rest = body.get("tables", ["M0000"]), set(body) - {"tables", "list", "force", "accept", "crawl"}
    return (
        not rest
        and isinstance(tables, list)
        and 1 <= len(tables) <= 200
        and all(isinstance(one, str) and re.fullmatch("[A-Z]?[0-9]{4,6}", one) for one in tables)
        and len(set(tables)) == len(tables)
        and isinstance(name := body.get("list", "mine"), str)
        and re.fullmatch("[a-z][a-z0-9_-]{0,39}", name)
        and isinstance(body.get("force", True), bool)
        and isinstance(body.get("accept", True), bool)
        and body.get("crawl", "auto") in ("auto", "always")
    )


class TestFuzz:
    @settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(body=BODIES, frequency=st.sampled_from(doors.ROUTES), kind=st.sampled_from(["application/json", FORM]))
    def test_only_valid_bodies_start_a_run(
        self, house: doors.House, body: dict[str, Any], frequency: str, kind: str
    ) -> None:
        answer = doors.send(house.open, "POST", f"/{frequency}", json.dumps(body).encode(), {"Content-Type": kind})
        if valid(body):
            assert answer.status_code == 202
            mine = {"frequency" if body.keys() & {"tables", "list"} else "list": frequency}
            assert house.input(answer.json()["executionArn"]) == mine | body
        else:
            assert refused(answer) == (400, "InvalidBody")

    @settings(max_examples=200, deadline=None)
    @given(
        body=st.binary(max_size=200),
        path=st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0 #"), max_size=20),
    )
    def test_noise(self, house: doors.House, body: bytes, path: str) -> None:
        door = house.open
        for target in (f"/{path}", f"/runs/{path}", "/monthly"):
            line = f"POST {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode("latin-1")
            status = doors.raw(door, line + body).split(b" ", 2)[1]
            assert status in (b"400", b"403") or valid(json.loads(body or b"{}"))


class TestFunctions:
    def test_the_event(self, house: doors.House) -> None:
        answer = doors.send(
            house.open, "GET", "/runs/..%2f..%2Fetc?a=1&a=2&b=", headers={"X-Odd": "é".encode().decode("latin-1")}
        )
        event = answer.json()
        assert (answer.status_code, answer.headers["Cache-Control"]) == (299, "no-store")
        assert event["pathParameters"] == {"runId": "../../etc"}
        assert event["resource"] == "/runs/{runId}"
        assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"], "b": [""]}
        assert event["requestContext"]["identity"]["sourceIp"] == "127.0.0.1"
        assert event["body"] is None

    @pytest.mark.parametrize("token", ["fail", "malformed"])
    def test_errors_of_functions_are_not_disclosed(self, house: doors.House, token: str) -> None:
        assert refused(doors.send(house.open, "GET", f"/links/{token}")) == (502, "Unavailable")

    def test_a_binary_body(self, house: doors.House) -> None:
        assert doors.send(house.open, "GET", "/runs/a", b"\xff").json()["body"] == "\ufffd"

    def test_the_public_route_needs_no_signature(self, house: doors.House) -> None:
        assert doors.send(house.open._replace(url=house.signed.url), "GET", "/links/x").status_code == 299


def test_only_links_are_public(house: doors.House) -> None:
    routes = read_routes(house.aws.apis[house.aws.resource("Api")])
    assert {route.resource for route in routes if not route.signed} == {"/links/{token}"}
    assert len(routes) == 6


def test_a_port_that_is_in_use(house: doors.House) -> None:
    taken = int(house.open.url.rpartition(":")[2])
    with pytest.raises(OSError, match="Address already in use"), serving(house.aws, taken):
        pass
