"""The template, the state machine, the recipe and the declared schema agree."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pipeline.source.client import USER_AGENT
from pipeline.table import schema
from pipeline.table.observations import Observation
from samtranslator.yaml_helper import yaml_parse

from local.cli.options import LIVE_URL
from local.cloud.stack.intrinsics import Intrinsics
from tests.template.rules.graph import states

ROOT = Path(__file__).parents[2]
TEMPLATE = yaml_parse((ROOT / "template.yaml").read_text("utf-8"))
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]
MACHINE = json.loads((ROOT / "statemachine" / "pipeline.asl.json").read_text("utf-8"))
PUBLISHED_FIELDS = {"table_id": "string"} | schema.TIME_SERIES


TASKS = dict(states(MACHINE, "Task"))
LAMBDAS = {name: state for name, state in TASKS.items() if state["Resource"].startswith("${")}


def functions() -> dict[str, dict[str, Any]]:
    declared = {name: body for name, body in RESOURCES.items() if isinstance(body, dict)}
    return {name: body["Properties"] for name, body in declared.items() if body["Type"] == "AWS::Serverless::Function"}


def glue_columns(logical_id: str) -> tuple[dict[str, str], dict[str, str]]:
    body = RESOURCES[logical_id]
    if isinstance(body, list):
        (body,) = body[2].values()
    table = body["Properties"]["TableInput"]
    columns = {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]}
    return columns, {column["Name"]: column["Type"] for column in table.get("PartitionKeys", [])}


@pytest.mark.parametrize(
    ("logical_id", "columns", "partitions"),
    [
        ("Fn::ForEach::Published", schema.TIME_SERIES, ["table_id"]),
        ("Fn::ForEach::Vintages", schema.TIME_SERIES, ["table_id", "edition"]),
        ("PublishedCrossSectional", schema.CROSS_SECTIONAL, ["table_id"]),
        ("VintagesCrossSectional", schema.CROSS_SECTIONAL, ["table_id", "edition"]),
    ],
)
def test_a_published_table_has_the_declared_columns(logical_id, columns, partitions):
    assert glue_columns(logical_id) == (columns, dict.fromkeys(partitions, "string"))


def test_a_flattened_line_has_every_staged_column():
    staged = schema.STAGED.keys() | schema.STAGED_PARTITIONS.keys() - {"run"}

    assert set(Observation.__struct_fields__) == staged


def test_the_recipe_makes_text_of_the_declared_types():
    steps = json.loads((ROOT / "databrew" / "recipe.json").read_text("utf-8"))["Steps"]
    typed = {
        step["Action"]["Parameters"]["sourceColumn"]: step["Action"]["Parameters"]["columnDataType"]
        for step in steps
        if step["Action"]["Operation"] == "CHANGE_DATA_TYPE"
    }

    assert typed == {name: kind.partition("(")[0] for name, kind in schema.STAGED.items() if kind != schema.TEXT}


def test_each_lambda_state_has_the_file_and_the_function_of_its_name():
    for name, state in LAMBDAS.items():
        file = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
        assert state["Resource"] == f"${{{name}FunctionArn}}"
        assert functions()[f"{name}Function"]["Handler"] == f"{file}.handler"
        assert (ROOT / "functions" / f"{file}.py").exists()


def test_every_function_file_is_in_the_template():
    handlers = {properties["Handler"].removesuffix(".handler") for properties in functions().values()}

    assert handlers == {path.stem for path in (ROOT / "functions").glob("*.py")}


def test_a_worker_is_told_how_often_it_is_to_be_heard():
    waiting = [state for state in TASKS.values() if state["Resource"].endswith(".waitForTaskToken")]

    assert len(waiting) == 1
    assert waiting[0]["Parameters"]["Payload"]["heartbeat_seconds"] == waiting[0]["HeartbeatSeconds"]


def test_every_wait_takes_its_seconds_from_the_run():
    waits = [state["SecondsPath"] for _, state in states(MACHINE, "Wait")]

    assert waits == ["$.poll_seconds"] * 3


ROLE = "arn:aws:iam::123456789012:role/LabRole"
PROFILE = "arn:aws:iam::123456789012:instance-profile/LabInstanceProfile"


@pytest.mark.parametrize(
    ("given", "deployed"),
    [
        ({}, True),
        ({"ExistingRoleArn": ROLE, "ExistingInstanceProfileArn": PROFILE}, True),
        ({"ExistingRoleArn": ROLE}, False),
        ({"ExistingInstanceProfileArn": PROFILE}, False),
    ],
)
def test_existing_roles_are_passed_both_or_none(given: dict[str, str], deployed: bool):
    values = Intrinsics(TEMPLATE, given, str, lambda *_: "")
    rule = TEMPLATE["Rules"]["ExistingRolesComeInPairs"]
    holds = all(values.resolve(one["Assert"]) for one in rule["Assertions"])

    assert (not values.resolve(rule["RuleCondition"]) or holds) is deployed


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [
        ("SourceUrl", LIVE_URL, True),
        ("SourceUrl", "http://127.0.0.1:8080", True),
        ("SourceUrl", "http://localhost:8080/api/table", True),
        ("SourceUrl", "https://example.org/", False),
        ("SourceUrl", "https://example.org/a?b=c", False),
        ("SourceUrl", "http://example.org", False),
        ("SourceUrl", "https://example.org/it's", False),
        ("MonthlyTables", "M213751", True),
        ("MonthlyTables", "M213751,12345", True),
        ("MonthlyTables", "M213751, M550002", False),
        ("MonthlyTables", "", False),
        ("WorkerInstanceTypes", "t4g.small,c7g.medium", True),
        ("WorkerInstanceTypes", "t4g.small;reboot", False),
    ],
)
def test_a_parameter_accepts(name: str, value: str, accepted: bool):
    assert bool(re.fullmatch(TEMPLATE["Parameters"][name]["AllowedPattern"], value)) is accepted


def test_the_command_and_the_template_ask_the_same_singstat():
    assert TEMPLATE["Parameters"]["SourceUrl"]["Default"] == LIVE_URL
    assert TEMPLATE["Parameters"]["UserAgent"]["Default"] == USER_AGENT


@pytest.mark.parametrize(
    "agent", [USER_AGENT, "desk/2.0 (+https://example.org/?a=1&b=[2]; #3)", "Mozilla/5.0 {x}~|^_!%*"]
)
def test_a_user_agent_may_be_printable_ascii(agent):
    assert re.fullmatch(TEMPLATE["Parameters"]["UserAgent"]["AllowedPattern"], agent)


@pytest.mark.parametrize(
    "odd", ["", " desk", "a'b", 'a"b', "a\\b", "a`b", "a$b", "a\nb", "a\tb", "a\x7fb", "caf\u00e9"]
)
def test_a_user_agent_that_would_break_the_header_or_the_user_data_is_refused(odd):
    assert not re.fullmatch(TEMPLATE["Parameters"]["UserAgent"]["AllowedPattern"], odd)
