"""The mapping templates of template.yaml: any request yields one state machine, one name and one input."""

import json
from typing import Any

import pytest
from airspeed import TemplateError
from hypothesis import given
from hypothesis import strategies as st

from local.cloud.api.velocity import Input, render
from local.cloud.stack.intrinsics import Intrinsics
from local.cloud.stack.template import TEMPLATE, load_template
from tests.support import doors

NAME = r"[A-Za-z0-9_-]{1,80}"
HOSTILE = """it's "quoted" \\ back\\\\slash \\' \\" \n\r\t\0 ${x} $input #set($a = 1) #end </script> é 日 😀 \u2028"""
KINDS = ["application/json", "application/x-www-form-urlencoded"]


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The paths of the deployed body; ARNs have their real format."""
    template = doors.small_template(tmp_path_factory.mktemp("template"))
    arns = {"Pipeline": doors.MACHINE}
    values = Intrinsics(template, {}, lambda name: arns.get(name, name), lambda name, _: f"arn:aws:iam::1:role/{name}")
    return values.resolve(template["Resources"]["Api"]["Properties"]["Body"])["paths"]


def context(request_id: str = "request-1") -> dict[str, Any]:
    return {
        "requestId": request_id,
        "path": "/v1/monthly",
        "domainName": "api.example",
        "requestOverride": {"path": {}},
        "responseOverride": {},
    }


def ask(
    paths: Any, body: str, headers: dict[str, str] | None = None, frequency: str = "monthly", kind: str = KINDS[0]
) -> Any:
    """The request that Step Functions receives."""
    template = paths[f"/{frequency}"]["post"]["x-amazon-apigateway-integration"]["requestTemplates"][kind]
    parameters = {"path": {}, "querystring": {"Idempotency-Key": "wrong"}, "header": headers or {}}
    sent = json.loads(render(template, Input(body, parameters), context()))
    assert set(sent) == {"stateMachineArn", "name", "input"}
    assert sent["stateMachineArn"] == doors.MACHINE
    return sent


def answer(paths: Any, status: int, body: Any, run: str = "demo-1") -> tuple[int, Any]:
    """The response that the caller receives for a response of Step Functions."""
    responses = paths["/monthly"]["post"]["x-amazon-apigateway-integration"]["responses"]
    chosen = responses[r"2\d{2}" if status == 200 else "default"]
    told = context()
    told["requestOverride"]["path"]["run"] = run
    text = render(chosen["responseTemplates"]["application/json"], Input(json.dumps(body), {}), told)
    return int(told["responseOverride"].get("status", chosen["statusCode"])), json.loads(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from([HOSTILE, "'", "\\'", '"}', doors.MACHINE]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
FIELDS = ["tables", "list", "force", "accept", "crawl"]
names = st.sampled_from([*FIELDS, "dataset", "frequency", "stateMachineArn", "name", "input"]) | st.text()
bodies = st.dictionaries(names, json_values, max_size=6)


class TestRequest:
    @given(body=bodies, frequency=st.sampled_from(doors.ROUTES), kind=st.sampled_from(KINDS), ascii_only=st.booleans())
    def test_a_body_affects_only_the_input(
        self, paths: Any, body: dict[str, Any], frequency: str, kind: str, ascii_only: bool
    ) -> None:
        sent = ask(paths, json.dumps(body, ensure_ascii=ascii_only), frequency=frequency, kind=kind)
        mine = {"frequency" if body.keys() & {"tables", "list"} else "list": frequency}
        assert json.loads(sent["input"]) == mine | {name: body[name] for name in FIELDS if name in body}
        assert sent["name"] == "request-1"

    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            ("", {"list": "quarterly"}),
            ("{}", {"list": "quarterly"}),
            ('{"force": true}', {"list": "quarterly", "force": True}),
            (
                '{"tables": ["M213751", "17560"], "force": false, "crawl": "always"}',
                {"frequency": "quarterly", "tables": ["M213751", "17560"], "force": False, "crawl": "always"},
            ),
            ('{"list": "mine"}', {"frequency": "quarterly", "list": "mine"}),
            ('{"tables": ["M1"], "tables": ["M213751"]}', {"frequency": "quarterly", "tables": ["M213751"]}),
        ],
    )
    def test_ordinary_bodies(self, paths: Any, body: str, expected: dict[str, Any]) -> None:
        assert json.loads(ask(paths, body, frequency="quarterly")["input"]) == expected

    @given(
        key=st.text(max_size=90) | st.from_regex(NAME, fullmatch=True),
        header=st.sampled_from(["Idempotency-Key", "idempotency-key"]),
    )
    def test_the_name_is_the_key_or_invalid(self, paths: Any, key: str, header: str) -> None:
        allowed = 1 <= len(key) <= 80 and all(c.isascii() and (c.isalnum() or c in "_-") for c in key)
        assert ask(paths, "{}", {header: key, "Other": HOSTILE})["name"] == (key if allowed else "?")


class TestAnswer:
    RUN = doors.MACHINE.replace("stateMachine", "execution") + ":demo-1"

    def test_started(self, paths: Any) -> None:
        expected = {"runId": "demo-1", "executionArn": self.RUN, "statusUrl": "http://api.example/v1/runs/demo-1"}
        assert answer(paths, 200, {"executionArn": self.RUN, "startDate": 1.7e9}) == (202, expected)

    @pytest.mark.parametrize("prefix", ["", "com.amazonaws.swf.service.v2.model#"])
    @pytest.mark.parametrize(
        ("kind", "run", "expected"),
        [
            ("ExecutionAlreadyExists", "demo-1", (409, "RunExists")),
            ("InvalidName", "?", (400, "InvalidIdempotencyKey")),
            ("ExecutionLimitExceeded", "demo-1", (429, "TooManyRequests")),
            ("ThrottlingException", "demo-1", (429, "TooManyRequests")),
            ("StateMachineDoesNotExist", "demo-1", (502, "NotStarted")),
            ("AccessDeniedException", "demo-1", (502, "NotStarted")),
        ],
    )
    def test_refused(self, paths: Any, prefix: str, kind: str, run: str, expected: tuple[int, str]) -> None:
        status, told = answer(paths, 400, {"__type": prefix + kind, "message": f"AWS says: {self.RUN}"}, run)
        assert (status, told["error"]) == expected
        assert "AWS" not in json.dumps(told)
        assert "arn:" not in json.dumps(told)

    def test_a_response_without_a_type(self, paths: Any) -> None:
        assert answer(paths, 500, {})[0] == 502


class TestVelocity:
    """Differences between Velocity and airspeed."""

    @pytest.mark.parametrize(
        ("template", "text"),
        [
            (r"""$util.escapeJavaScript("it's")""", r"it\'s"),
            (r"""$util.escapeJavaScript("it's").replaceAll("\\'", "'")""", "it's"),
            (r'"a\nb"#set($x = "a\nb")$x', r'"a\nb"a\nb'),
            ("""#if('abc'.matches('ab'))yes#{else}no#end""".replace("'abc'", "$text"), "no"),
            (
                "$input.path('$').yes $input.json('$.list') $input.json('$.none') $!input.path('$.none')!",
                'true [1,"é"] null !',
            ),
            ("#if(!$input.path('$.none'))none#end", "none"),
            ("#if($input.path('$.none') || $input.path('$.yes'))one#end", "one"),
            ("$nothing $util.urlEncode('a b') $util.base64Decode($util.base64Encode('é'))", "$nothing a+b é"),
        ],
    )
    def test_rendered(self, template: str, text: str) -> None:
        given = Input('{"yes": true, "list": [1, "é"], "text": "abc"}', {})
        assert render(template.replace("$text", "$input.path('$.text')"), given, {}) == text

    @pytest.mark.parametrize("condition", ["$input.params('x')", "$input.path('$.list')", "$input.path('$.a b')"])
    def test_conditions_that_versions_of_velocity_evaluate_differently_are_refused(self, condition: str) -> None:
        with pytest.raises(TemplateError):
            render(f"#if({condition})x#end", Input('{"list": []}', {"header": {}}), {})


def test_functions_time_out_before_api_gateway_does() -> None:
    resources = load_template(TEMPLATE)["Resources"]
    timeouts = [resources[f"{name}Function"]["Properties"]["Timeout"] for name in ("DescribeRun", "OpenLink")]
    assert max(timeouts) < 29
