"""QuickSight: its resources are consistent and match the contract."""

from collections.abc import Callable
from typing import Any

import pytest
from pipeline.table import schema
from samtranslator.yaml_helper import yaml_parse

from local.cloud.stack.intrinsics import Intrinsics
from local.cloud.stack.template import TEMPLATE as FILE
from tests.template import quicksight_problems as quicksight
from tests.template.rules.application import load
from tests.template.test_template import glue_columns

TYPES = {
    "string": "STRING",
    "date": "DATETIME",
    "bigint": "INTEGER",
    "decimal(38,18)": "DECIMAL",
}
PRINCIPAL = "arn:aws:quicksight:ap-southeast-1:123456789012:user/default/me"
ROLE = "arn:aws:iam::123456789012:role/LabRole"

Change = Callable[[dict[str, Any]], object]


def typed(contract: dict[str, str]) -> dict[str, str]:
    return {name: TYPES[kind] for name, kind in contract.items()}


def test_quicksight_has_the_columns_of_the_contract():
    found = quicksight.data_sets(quicksight.resources())
    of_tables = typed(glue_columns("Tables")[0])
    more = {"missing": "INTEGER"} | {name: of_tables[name] for name in ("frequency", "theme", "title")}

    assert quicksight.columns(found["series"]) == typed({"table_id": "string"} | schema.TIME_SERIES) | more
    assert quicksight.columns(found["tables"]) == of_tables
    assert quicksight.columns(found["revisions"]) == typed(glue_columns("Revisions")[0]) | {"title": "STRING"}


def test_quicksight_takes_the_dashboard():
    assert quicksight.problems(quicksight.resources()) == []


def test_quicksight_shows_every_data_set_on_four_sheets():
    definition = quicksight.resources()["QuickSightDashboard"]["Properties"]["Definition"]
    shown = {field["Column"]["DataSetIdentifier"] for _, field in quicksight.fields(definition["Sheets"])}

    assert [sheet["Name"] for sheet in definition["Sheets"]] == ["Overview", "Series", "Revisions", "Quality"]
    assert shown == {"series", "tables", "revisions"}


def test_quicksight_is_refreshed_each_data_set_once_a_day():
    found = quicksight.resources()
    sets = [one["Properties"]["DataSetId"] for one in found.values() if one["Type"].endswith("::DataSet")]
    schedules = [one["Properties"] for one in found.values() if one["Type"].endswith("::RefreshSchedule")]

    assert sorted(one["DataSetId"] for one in schedules) == sorted(sets)
    assert {one["Schedule"]["ScheduleFrequency"]["Interval"] for one in schedules} == {"DAILY"}


def test_quicksight_is_not_there_by_default():
    kinds = {body["Type"] for body in load(opted=False).translated["Resources"].values()}

    assert [kind for kind in kinds if "QuickSight" in kind] == []
    assert "QuickSightRole" not in load(opted=False).translated["Resources"]


@pytest.mark.parametrize(
    ("given", "deployed"),
    [
        ({}, True),
        ({"EnableQuickSight": "true", "QuickSightPrincipalArn": PRINCIPAL}, True),
        ({"EnableQuickSight": "true"}, False),
        (
            {"EnableQuickSight": "true", "QuickSightPrincipalArn": PRINCIPAL, "ExistingRoleArn": ROLE},
            False,
        ),
    ],
)
def test_quicksight_is_refused_without_a_principal_or_roles(given: dict[str, str], deployed: bool):
    template = yaml_parse(FILE.read_text("utf-8"))
    values = Intrinsics(template, given, str, lambda *_: "")
    rule = template["Rules"]["QuickSightHasAReader"]
    holds = all(values.resolve(one["Assert"]) for one in rule["Assertions"])

    assert (not values.resolve(rule["RuleCondition"]) or holds) is deployed


def sheet(found: dict[str, Any], number: int) -> Any:
    return definition(found)["Sheets"][number]


def kpi(found: dict[str, Any]) -> Any:
    return sheet(found, 0)["Visuals"][0]["KPIVisual"]


def measure(found: dict[str, Any]) -> Any:
    return kpi(found)["ChartConfiguration"]["FieldWells"]["Values"][0]["CategoricalMeasureField"]


def sql(found: dict[str, Any], name: str) -> Any:
    (table,) = found[name]["Properties"]["PhysicalTableMap"].values()
    return table["CustomSql"]


def definition(found: dict[str, Any]) -> Any:
    return found["QuickSightDashboard"]["Properties"]["Definition"]


def places(found: dict[str, Any], number: int) -> Any:
    return sheet(found, number)["Layouts"][0]["Configuration"]["GridLayout"]["Elements"]


def scope(found: dict[str, Any], number: int) -> Any:
    selected = definition(found)["FilterGroups"][number]["ScopeConfiguration"]["SelectedSheets"]
    return selected["SheetVisualScopingConfigurations"][0]


MUTATIONS: dict[str, tuple[str, Change]] = {
    "a column that is not there": (
        "tables.table is not a column",
        lambda one: measure(one)["Column"].update(ColumnName="table"),
    ),
    "a data set that is not there": (
        "tabels.table_id is not a column",
        lambda one: measure(one)["Column"].update(DataSetIdentifier="tabels"),
    ),
    "a column that a data set loses": (
        "tables.table_id is not a column",
        lambda one: sql(one, "TablesDataSet")["Columns"].pop(0),
    ),
    "a number made of text": (
        "series.value is STRING",
        lambda one: next(c for c in sql(one, "SeriesDataSet")["Columns"] if c["Name"] == "value").update(Type="STRING"),
    ),
    "a misspelt property": ("Unknown parameter", lambda one: kpi(one).update(Titel={})),
    "a visual without an id": ("Missing required parameter", lambda one: kpi(one).pop("VisualId")),
    "a filter that says nothing": (
        "Missing required parameter",
        lambda one: definition(one)["FilterGroups"][0]["Filters"][0]["CategoryFilter"].pop("Configuration"),
    ),
    "a choice that there is not": (
        "MEDIAN is not one of",
        lambda one: measure(one).update(AggregationFunction="MEDIAN"),
    ),
    "another mode of import": (
        "SPICY is not one of",
        lambda one: one["TablesDataSet"]["Properties"].update(ImportMode="SPICY"),
    ),
    "two fields of one id": ("is the id of 2 fields", lambda one: measure(one).update(FieldId="tables.observations.2")),
    "a visual without a place": ("overview: its visuals", lambda one: places(one, 0).pop()),
    "visuals one above the other": ("overview: visuals overlap", lambda one: places(one, 0)[1].update(ColumnIndex=0)),
    "a visual that sticks out": ("exceed the grid", lambda one: places(one, 1)[0].update(ColumnIndex=1)),
    "a control without a filter": ("controls refer to", lambda one: definition(one)["FilterGroups"].pop()),
    "a filter of another sheet": (
        "series-table: its sheet does not use",
        lambda one: scope(one, 0).update(SheetId="revisions"),
    ),
}


@pytest.mark.parametrize("what", MUTATIONS)
def test_quicksight_mutated_is_found_out(what: str):
    expected, change = MUTATIONS[what]
    found = quicksight.resources()
    change(found)

    assert expected in "\n".join(quicksight.problems(found))
