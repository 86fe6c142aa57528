"""The template, the state machine, the recipe and the declared schema say the same."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pipeline.table import schema
from pipeline.table.observations import Observation
from samtranslator.yaml_helper import yaml_parse

from local.cli.app import LIVE
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


def test_the_command_and_the_template_ask_the_same_singstat():
    assert TEMPLATE["Parameters"]["SourceUrl"]["Default"] == LIVE
