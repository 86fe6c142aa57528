"""What must hold of the report: fields, roles, words and places of its visuals."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from typing import Any

from tests.powerbi.checks.project import PAGES, Project

# Roles of each visual, and whether they take columns, measures or both; the first is required.
ROLES = {
    "cardVisual": {"Data": "Measure"},
    "lineChart": {"Y": "Measure", "Category": "Column", "Series": "Column"},
    "columnChart": {"Y": "Measure", "Category": "Column", "Series": "Column"},
    "clusteredBarChart": {"Y": "Measure", "Category": "Column", "Series": "Column"},
    "slicer": {"Values": "Column"},
    "tableEx": {"Values": "Column Measure"},
    "textbox": {},
}
LITERAL = re.compile(r"'(?:[^']|'')*'|true|false|-?\d+(?:\.\d+)?[LD]")
UNTITLED = {"cardVisual", "textbox"}  # their words are their content
MARGIN = 16


def pages_are_listed(project: Project) -> Iterator[str]:
    listed = project.json[f"{PAGES}pages.json"]
    if sorted(listed["pageOrder"]) != sorted(project.pages()) or listed["activePageName"] not in listed["pageOrder"]:
        yield f"pages.json lists {listed['pageOrder']}, there are {sorted(project.pages())}"
    for page in project.pages():
        if project.json.get(f"{PAGES}{page}/page.json", {}).get("name") != page:
            yield f"page {page} must have a page.json of its name"
    for path, visual in project.visuals.items():
        if visual["name"] != path.split("/")[-2]:
            yield f"{path} has the name {visual['name']}"


def fields_are_bound(project: Project) -> Iterator[str]:
    kinds = {"Column": project.columns, "Measure": project.measures}
    for path, content in project.json.items():
        for kind, table, name in _fields(content):
            node = kinds[kind].get((table, name))
            if node is None:
                yield f"{path} shows {kind.lower()} {table}[{name}], which is not there"
            elif "isHidden" in node.flags:
                yield f"{path} shows {table}[{name}], which is hidden"
    for path, visual in project.visuals.items():
        for projection in _projections(visual):
            ((_, table, name),) = _fields(projection["field"])
            if (projection["queryRef"], projection.get("nativeQueryRef")) != (f"{table}.{name}", name):
                yield f"{path} queries {projection['queryRef']} for {table}[{name}]"


def roles_hold_the_right_fields(project: Project) -> Iterator[str]:
    for path, visual in project.visuals.items():
        kind = visual["visual"]["visualType"]
        if kind not in ROLES:
            yield f"{path} is a {kind}, which nobody knows"
            continue
        roles = _roles(visual)
        if ROLES[kind] and next(iter(ROLES[kind])) not in roles:
            yield f"{path} shows nothing"
        for role, content in roles.items():
            if role not in ROLES[kind]:
                yield f"{path}: a {kind} has no role {role}"
                continue
            for projection in content["projections"]:
                ((field, table, name),) = _fields(projection["field"])
                if field not in ROLES[kind][role].split():
                    yield f"{path}: {role} cannot take {field.lower()} {table}[{name}]"


def sorts_are_of_shown_fields(project: Project) -> Iterator[str]:
    for path, visual in project.visuals.items():
        shown = [projection["field"] for projection in _projections(visual)]
        for sort in visual["visual"].get("query", {}).get("sortDefinition", {}).get("sort", []):
            if sort["field"] not in shown:
                yield f"{path} sorts by a field that it does not show"


def settings_are_literals(project: Project) -> Iterator[str]:
    for path, visual in project.visuals.items():
        for value in re.findall(r'"Literal": {"Value": ("(?:[^"\\]|\\.)*")}', json.dumps(visual, ensure_ascii=False)):
            if not LITERAL.fullmatch(json.loads(value)):
                yield f"{path} has the setting {value}"


def visuals_are_titled_and_read_out(project: Project) -> Iterator[str]:
    for path, visual in project.visuals.items():
        container = visual["visual"].get("visualContainerObjects", {})
        title, alt = _word(container, "title", "text"), _word(container, "general", "altText")
        if not title and visual["visual"]["visualType"] not in UNTITLED:
            yield f"{path} has no title"
        if not 10 <= len(alt) <= 250:
            yield f"{path} has no alternative text, or one that is too long"
        labels = [projection.get("displayName", "") for projection in _projections(visual)]
        if not all(labels) or len({*labels}) < len(labels):
            yield f"{path} has a field without a label of its own"


def visuals_lie_on_the_page_in_reading_order(project: Project) -> Iterator[str]:
    pages = defaultdict(list)
    for path, visual in project.visuals.items():
        pages[path.split("/")[-4]].append(visual)
    for page, visuals in pages.items():
        about = project.json[f"{PAGES}{page}/page.json"]
        boxes = {visual["name"]: visual["position"] for visual in visuals}
        for name, box in boxes.items():
            right, bottom = box["x"] + box["width"], box["y"] + box["height"]
            if not (box["x"] >= MARGIN <= about["width"] - right and box["y"] >= MARGIN <= about["height"] - bottom):
                yield f"{page}: {name} leaves the page"
        for (one, a), (other, b) in combinations(boxes.items(), 2):
            apart = a["x"] + a["width"] <= b["x"] or b["x"] + b["width"] <= a["x"]
            if not (apart or a["y"] + a["height"] <= b["y"] or b["y"] + b["height"] <= a["y"]):
                yield f"{page}: {one} covers {other}"
        order = sorted(boxes.values(), key=lambda box: box["tabOrder"])
        if [(box["y"], box["x"]) for box in order] != sorted((box["y"], box["x"]) for box in boxes.values()):
            yield f"{page}: the tab order is not the reading order"


def _roles(visual: dict[str, Any]) -> dict[str, Any]:
    roles: dict[str, Any] = visual["visual"].get("query", {}).get("queryState", {})
    return roles


def _projections(visual: dict[str, Any]) -> list[dict[str, Any]]:
    return [projection for role in _roles(visual).values() for projection in role["projections"]]


def _fields(content: Any, sources: dict[str, str] | None = None) -> Iterator[tuple[str, str, str]]:
    """Kind, table and name of all fields in a JSON content; a filter names its tables by `sources`."""
    if isinstance(content, list):
        for item in content:
            yield from _fields(item, sources)
    elif isinstance(content, dict):
        known = {source["Name"]: source["Entity"] for source in content.get("From", [])} or sources or {}
        for key, value in content.items():
            if key in {"Column", "Measure"} and "Property" in value:
                source = value["Expression"]["SourceRef"]
                yield key, source.get("Entity") or known.get(source["Source"], "nothing"), value["Property"]
            else:
                yield from _fields(value, known)


def _word(container: dict[str, Any], name: str, setting: str) -> str:
    literal = container.get(name, [{}])[0].get("properties", {}).get(setting, {})
    value: str = literal.get("expr", {}).get("Literal", {}).get("Value", "''")
    return value[1:-1]
