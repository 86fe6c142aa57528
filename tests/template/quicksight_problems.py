"""The QuickSight resources of the template, and their `problems`."""

import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

from botocore.exceptions import ParamValidationError
from botocore.model import ServiceModel
from botocore.session import get_session
from botocore.validate import validate_parameters

from tests.template.rules.application import load, strings

CALLS = {"DataSource": "CreateDataSource", "DataSet": "CreateDataSet", "Dashboard": "CreateDashboard"}
NOT_IN_THE_CALL = {"IngestionWaitPolicy"}  # only in CloudFormation
WIDTH = 36  # columns of a sheet

Document = dict[str, Any]


@cache
def _model() -> ServiceModel:
    return get_session().get_service_model("quicksight")


def resources() -> Document:
    """The QuickSight resources by logical id, with plain values, if QuickSight is enabled."""
    made = load(opted=True).translated["Resources"]
    return json.loads(json.dumps({name: one for name, one in made.items() if "::QuickSight::" in one["Type"]}))


def problems(found: Document) -> list[str]:
    """One line per definition that QuickSight would reject or show as an error."""
    definition = found["QuickSightDashboard"]["Properties"]["Definition"]
    return [*_refused(found), *_unbound(found, definition), *_misplaced(definition), *_misfiltered(definition)]


def columns(data_set: Document) -> dict[str, str]:
    """The types of a data set's columns by name."""
    (table,) = data_set["Properties"]["PhysicalTableMap"].values()
    return {column["Name"]: column["Type"] for column in table["CustomSql"]["Columns"]}


def data_sets(found: Document) -> dict[str, Document]:
    """The data sets by their identifier in the dashboard."""
    declared = found["QuickSightDashboard"]["Properties"]["Definition"]["DataSetIdentifierDeclarations"]
    return {one["Identifier"]: found[one["DataSetArn"].removeprefix("${").removesuffix(".Arn}")] for one in declared}


def _refused(found: Document) -> Iterator[str]:
    """Parameters unknown to the service's model, missing, or of another type or value."""
    for name, body in found.items():
        kind = body["Type"].rpartition("::")[2]
        if kind in CALLS:
            given = {key: value for key, value in body["Properties"].items() if key not in NOT_IN_THE_CALL}
            shape = _model().operation_model(CALLS[kind]).input_shape
            yield from (f"{name}: {line}" for line in _report(given, shape))
            yield from (f"{name}: {line}" for line in _other_choices(given, shape))


def _report(given: Document, shape: Any) -> list[str]:
    """Lines of botocore's report; empty if valid."""
    try:
        validate_parameters(given, shape)
    except ParamValidationError as error:
        return str(error).splitlines()[1:]
    return []


def _other_choices(value: Any, shape: Any) -> Iterator[str]:
    if shape.type_name == "structure" and isinstance(value, dict):
        for name in value.keys() & shape.members.keys():
            yield from _other_choices(value[name], shape.members[name])
    elif shape.type_name == "list" and isinstance(value, list):
        for item in value:
            yield from _other_choices(item, shape.member)
    elif shape.type_name == "map" and isinstance(value, dict):
        for item in value.values():
            yield from _other_choices(item, shape.value)
    elif shape.type_name == "string" and getattr(shape, "enum", None) and value not in shape.enum:
        yield f"{value} is not one of {', '.join(shape.enum)}"


def _unbound(found: Document, definition: Document) -> Iterator[str]:
    """Fields without a column, or with a column of another type."""
    known = {name: columns(body) for name, body in data_sets(found).items()}
    for kind, field in fields(definition):
        named = field["Column"]
        place = f"{named['DataSetIdentifier']}.{named['ColumnName']}"
        type_ = known.get(named["DataSetIdentifier"], {}).get(named["ColumnName"])
        if type_ is None:
            yield f"{place} is not a column"
        elif not fits(kind, type_):
            yield f"{place} is {type_}, not {kind}"
    used = Counter(text for key, text in strings(definition) if key == "FieldId")
    yield from (f"{name} is the id of {count} fields" for name, count in used.items() if count > 1)


def fields(value: Any, kind: str = "") -> Iterator[tuple[str, Document]]:
    """Every object with a column, and its key."""
    if isinstance(value, dict):
        if "Column" in value:
            yield kind, value
        for name, item in value.items():
            yield from fields(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from fields(item, kind)


def fits(kind: str, type_: str) -> bool:
    """Whether a kind of field accepts a type of column."""
    if kind.startswith("Numerical"):
        return type_ in {"INTEGER", "DECIMAL"}
    if kind.startswith("Date"):
        return type_ == "DATETIME"
    return type_ == "STRING" if kind.startswith("Categor") else True


def _misplaced(definition: Document) -> Iterator[str]:
    """Visuals without exactly one position on their sheet, or that overlap."""
    for sheet in definition["Sheets"]:
        visuals = [text for key, text in strings(sheet["Visuals"]) if key == "VisualId"]
        (layout,) = sheet["Layouts"]
        places = layout["Configuration"]["GridLayout"]["Elements"]
        if sorted(visuals) != sorted(place["ElementId"] for place in places):
            yield f"{sheet['SheetId']}: its visuals and positions differ"
        cells = Counter(
            (row, column)
            for place in places
            for row in range(place["RowIndex"], place["RowIndex"] + place["RowSpan"])
            for column in range(place["ColumnIndex"], place["ColumnIndex"] + place["ColumnSpan"])
        )
        if any(count > 1 or column >= WIDTH for (_, column), count in cells.items()):
            yield f"{sheet['SheetId']}: visuals overlap or exceed the grid"


def _misfiltered(definition: Document) -> Iterator[str]:
    """Controls without a filter, and filters of sheets that lack their data set or control."""
    sheets = {sheet["SheetId"]: sheet for sheet in definition["Sheets"]}
    moved = [(sheet, text) for sheet, body in sheets.items() for key, text in strings(body) if key == "SourceFilterId"]
    filtered = []
    for group in definition["FilterGroups"]:
        for scope in group["ScopeConfiguration"]["SelectedSheets"]["SheetVisualScopingConfigurations"]:
            for one in group["Filters"]:
                body = one["CategoryFilter"]
                filtered.append((scope["SheetId"], body["FilterId"]))
                shown = {field["Column"]["DataSetIdentifier"] for _, field in fields(sheets.get(scope["SheetId"], {}))}
                if body["Column"]["DataSetIdentifier"] not in shown:
                    yield f"{body['FilterId']}: its sheet does not use its data set"
    if sorted(moved) != sorted(filtered):
        yield f"controls refer to {sorted(moved)}, filters are {sorted(filtered)}"
