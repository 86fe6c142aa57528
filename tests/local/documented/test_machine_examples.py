"""Step Functions on the laptop answers as documented."""

import json
import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl

from tests.local.documented import rows
from tests.local.documented.machines import PASS, install, outcome

CALL = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sns:listTopics"}


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The interpreter; the codes with which the next calls of a task fail, empty for one that succeeds."""
    codes: list[str] = []

    def list_topics(**_: Any) -> dict[str, Any]:
        answer = {"ResponseMetadata": {"RequestId": "1", "HTTPStatusCode": 400}}
        if codes and (code := codes.pop(0)):
            raise type(f"{code}Exception", (ClientError,), {})(answer | {"Error": {"Message": ""}}, "ListTopics")
        return answer

    install(tmp_path_factory.mktemp("names"), lambda *_: SimpleNamespace(list_topics=list_topics))
    return codes


@pytest.mark.usefixtures("calls")
class TestStates:
    @pytest.mark.parametrize("row", rows("intrinsics"), ids=lambda row: row["call"][:60])
    def test_intrinsic_functions(self, row: dict[str, str]) -> None:
        only = PASS | {"Parameters": {"answer.$": row["call"]}, "OutputPath": "$.answer"}
        check(outcome({"Only": only}, json.loads(row["given"])), row["expected"])

    @pytest.mark.parametrize("row", rows("choices"), ids=lambda row: f"{row['rule'][:60]} {row['given'][:30]}")
    def test_choices(self, row: dict[str, str]) -> None:
        rule = json.loads(row["rule"]) | {"Next": "Yes"}
        states = {
            "Ask": {"Type": "Choice", "Choices": [rule], "Default": "No"},
            "Yes": PASS | {"Result": True},
            "No": PASS | {"Result": False},
        }
        check(outcome(states, json.loads(row["given"])), row["expected"])

    @pytest.mark.parametrize("row", rows("paths"), ids=lambda row: row["fields"][:60])
    def test_paths(self, row: dict[str, str]) -> None:
        check(outcome({"Only": PASS | json.loads(row["fields"])}, json.loads(row["given"])), row["expected"])

    @pytest.mark.parametrize("row", rows("maps"), ids=lambda row: f"{row['fields'][:60]} {row['given'][:30]}")
    def test_maps(self, row: dict[str, str]) -> None:
        """Each iteration passes its item on, unless it is bad."""
        fields = json.loads(row["fields"])
        rule = {"Variable": "$.bad", "IsPresent": True, "Next": "Fail"}
        processor = {
            "ProcessorConfig": {"Mode": fields.pop("mode", "INLINE")},
            "StartAt": "Ask",
            "States": {
                "Ask": {"Type": "Choice", "Choices": [rule], "Default": "Pass"},
                "Fail": {"Type": "Fail", "Error": "Bad", "Cause": "a bad item"},
                "Pass": PASS,
            },
        }
        states = {"Map": {"Type": "Map", "ItemProcessor": processor, "End": True} | fields, "Caught": PASS}
        check(outcome(states, json.loads(row["given"])), row["expected"])


class TestRetries:
    @pytest.fixture
    def waits(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
        waited: list[float] = []
        monkeypatch.setattr(retrier_decl, "time", SimpleNamespace(sleep=waited.append))
        return waited

    @pytest.mark.parametrize("row", rows("retries"), ids=lambda row: f"{row['retry'][:60]} {row['errors']}")
    def test_waits(self, calls: list[str], waits: list[float], row: dict[str, str]) -> None:
        """A task that is called again in a second visit once it has succeeded."""
        calls[:] = json.loads(row["errors"])
        again = {"Variable": "$.again", "IsPresent": True, "Next": "Done"}
        states = {
            "Call": CALL | {"Retry": json.loads(row["retry"]), "ResultPath": None, "Next": "Ask"},
            "Ask": {"Type": "Choice", "Choices": [again], "Default": "Again"},
            "Again": {"Type": "Pass", "Result": True, "ResultPath": "$.again", "Next": "Call"},
            "Done": PASS,
        }
        ended = outcome(states, {})
        assert ended == ('{"again": true}' if row["ends"] == "SUCCEEDED" else f"fails: {row['ends']}")
        expected = json.loads(row["waits"])
        assert len(waits) == len(expected)
        for waited, wait in zip(waits, expected, strict=True):
            low, _, high = str(wait).partition("-")
            assert float(low) <= waited <= float(high or low)
        if any("-" in str(wait) for wait in expected):
            assert len(set(waits)) == len(waits)


def check(found: str, expected: str) -> None:
    kind, _, pattern = expected.partition("matches: ")
    if pattern and not kind:
        assert re.fullmatch(pattern, str(json.loads(found)))
    else:
        assert _json(found) == _json(expected)


def _json(text: str) -> Any:
    """Canonical JSON, in which true and 1 differ; other text as it is."""
    try:
        return json.dumps(json.loads(text), sort_keys=True)
    except ValueError:
        return text
