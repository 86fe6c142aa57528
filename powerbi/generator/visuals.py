"""The visuals of the report in PBIR; each becomes a `visual.json`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from powerbi.generator.model import MODEL
from powerbi.generator.theme import INK, MUTED

SCHEMAS = "https://developer.microsoft.com/json-schemas/fabric/"
CONTAINER = f"{SCHEMAS}item/report/definition/visualContainer/2.4.0/schema.json"
MARGIN, GAP, COLUMNS, WIDTH, HEIGHT = 24, 16, 12, 1280, 720
COLUMN = (WIDTH - 2 * MARGIN - (COLUMNS - 1) * GAP) // COLUMNS

Json = dict[str, Any]


@dataclass(frozen=True)
class Field:
    """A column or measure of the model and its display name in a visual."""

    table: str
    name: str
    measure: bool
    label: str

    @property
    def reference(self) -> Json:
        kind = "Measure" if self.measure else "Column"
        return {kind: {"Expression": {"SourceRef": {"Entity": self.table}}, "Property": self.name}}

    @property
    def projection(self) -> Json:
        return {
            "field": self.reference,
            "queryRef": f"{self.table}.{self.name}",
            "nativeQueryRef": self.name,
            "displayName": self.label,
        }


@dataclass(frozen=True)
class Place:
    """The position of a visual: first grid column (of 12), number of columns, top and height in pixels."""

    column: int
    span: int
    top: int
    height: int


@dataclass(frozen=True)
class Head:
    """The common properties of a visual. An empty `title` is not shown; `alt` is for screen readers."""

    name: str
    place: Place
    title: str
    alt: str


@dataclass(frozen=True)
class Visual:
    """A visual without its tab order: the fields of each role, the formatting objects and the sort order."""

    head: Head
    kind: str
    roles: Mapping[str, Sequence[Field]]
    objects: Json
    sort: tuple[Field, str] | None = None


def column(table: str, name: str, label: str) -> Field:
    """A column of the model."""
    return Field(table, name, measure=False, label=label)


def measure(name: str, label: str = "") -> Field:
    """A measure of the model, in any table. Raises `StopIteration` if there is none of that name."""
    table = next(table.name for table in MODEL if any(one.name == name for one in table.measures))
    return Field(table, name, measure=True, label=label or name)


def cards(head: Head, *fields: Field) -> Visual:
    """A row of cards, one per field."""
    layout = {"columnCount": whole(len(fields)), "alignment": text("middle"), "style": text("Cards")}
    return Visual(head, "cardVisual", {"Data": fields}, {"layout": properties(layout)})


def chart(head: Head, kind: str, category: Field, value: Field, legend: Field | None = None) -> Visual:
    """A line, column or bar chart of a value by category, with one colour per value of `legend`."""
    roles = {"Category": [category], "Y": [value]}
    no_title = properties({"showAxisTitle": yes(False)})
    objects = {"categoryAxis": no_title, "valueAxis": no_title}
    if legend:
        roles["Series"] = [legend]
        objects["legend"] = properties({"show": yes(True), "position": text("Bottom")})
    sort = (value, "Descending") if kind == "clusteredBarChart" else (category, "Ascending")
    return Visual(head, kind, roles, objects, sort)


def slicer(head: Head, field: Field, mode: str = "Dropdown", single: bool = False) -> Visual:
    """A slicer on a field; `single` enforces exactly one selected value."""
    objects = {
        "data": properties({"mode": text(mode)}),
        "header": properties({"show": yes(False)}),
        "selection": properties({"strictSingleSelect": yes(single)}),
    }
    return Visual(head, "slicer", {"Values": [field]}, objects)


def table(head: Head, *fields: Field, sort: tuple[Field, str]) -> Visual:
    """A table with one row per combination of the columns and no total."""
    return Visual(head, "tableEx", {"Values": fields}, {"total": properties({"totals": yes(False)})}, sort)


def heading(title: str, subtitle: str) -> Visual:
    """The title and subtitle of a page."""
    runs = [
        {"value": f"{title}  ", "textStyle": {"fontSize": "20pt", "fontWeight": "bold", "color": INK}},
        {"value": subtitle, "textStyle": {"fontSize": "11pt", "color": MUTED}},
    ]
    objects = {"general": [{"properties": {"paragraphs": [{"textRuns": runs}]}}]}
    return Visual(Head("heading", Place(0, COLUMNS, 16, 48), "", f"{title}. {subtitle}"), "textbox", {}, objects)


def visual_json(visual: Visual, order: int) -> Json:
    """The content of `visual.json`; `order` is its tab order."""
    body: Json = {"visualType": visual.kind}
    if visual.roles:
        body["query"] = {
            "queryState": {
                role: {"projections": [field.projection for field in fields]} for role, fields in visual.roles.items()
            }
        }
    if visual.sort:
        field, direction = visual.sort
        body["query"]["sortDefinition"] = {"sort": [{"field": field.reference, "direction": direction}]}
    head, place = visual.head, visual.head.place
    shown = {"show": yes(True), "text": text(head.title)} if head.title else {"show": yes(False)}
    body |= {
        "objects": visual.objects,
        "visualContainerObjects": {
            "title": properties(shown),
            "general": properties({"altText": text(head.alt)}),
        },
        "drillFilterOtherVisuals": True,
    }
    position = {
        "x": MARGIN + place.column * (COLUMN + GAP),
        "y": place.top,
        "z": order * 1000,
        "height": place.height,
        "width": place.span * (COLUMN + GAP) - GAP,
        "tabOrder": order * 1000,
    }
    return {"$schema": CONTAINER, "name": head.name, "position": position, "visual": body}


def leaving_out(field: Field, value: str) -> Json:
    """A page filter that excludes a value of a field."""
    inside = {"Column": {"Expression": {"SourceRef": {"Source": "f"}}, "Property": field.name}}
    among = {"In": {"Expressions": [inside], "Values": [[{"Literal": {"Value": f"'{value}'"}}]]}}
    return {
        "name": f"without_{value}",
        "field": field.reference,
        "type": "Categorical",
        "filter": {
            "Version": 2,
            "From": [{"Name": "f", "Entity": field.table, "Type": 0}],
            "Where": [{"Condition": {"Not": {"Expression": among}}}],
        },
        "howCreated": "User",
        "objects": {"general": properties({"isInvertedSelectionMode": yes(True)})},
    }


def properties(values: Json) -> list[Json]:
    """The properties of one formatting object."""
    return [{"properties": values}]


def text(value: str) -> Json:
    """A text literal."""
    return _literal("'" + value.replace("'", "''") + "'")


def yes(value: bool) -> Json:
    """A boolean literal."""
    return _literal(str(value).lower())


def whole(value: int) -> Json:
    """An integer literal."""
    return _literal(f"{value}L")


def _literal(value: str) -> Json:
    return {"expr": {"Literal": {"Value": value}}}
