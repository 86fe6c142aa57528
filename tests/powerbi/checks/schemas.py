"""The form of the JSON files: Microsoft's schemas, offline, and the paths from one item to another."""

import json
import posixpath
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from jsonschema import Draft7Validator
from referencing import Registry
from referencing.jsonschema import DRAFT7

from tests.powerbi.checks.project import Project

HERE, ADDRESS = Path(__file__).parents[1] / "schemas", "https://developer.microsoft.com/json-schemas/"
WITHOUT_SCHEMA = (".pbids", "Theme.json")  # Microsoft publishes none among these
REQUIRED = (
    "SingStat.pbip",
    "SingStat.Report/.platform",
    "SingStat.Report/definition.pbir",
    "SingStat.Report/definition/report.json",
    "SingStat.Report/definition/version.json",
    "SingStat.Report/definition/pages/pages.json",
    "SingStat.SemanticModel/.platform",
    "SingStat.SemanticModel/definition.pbism",
    "SingStat.SemanticModel/definition/database.tmdl",
    "SingStat.SemanticModel/definition/model.tmdl",
)
PROTOCOLS = {"odbc": "options", "folder": "path"}


@cache
def _registry() -> Registry:
    files = HERE.rglob("*.json")
    return Registry().with_resources(
        (ADDRESS + path.relative_to(HERE).as_posix(), DRAFT7.create_resource(json.loads(path.read_bytes())))
        for path in files
    )


@cache
def _validator(address: str) -> Draft7Validator:
    return Draft7Validator({"$ref": address}, registry=_registry())


def json_is_valid(project: Project) -> Iterator[str]:
    for path in project.files:
        if not path.endswith(".tmdl") and not isinstance(project.json.get(path), dict):
            yield f"{path} is not a JSON object"


def json_meets_microsofts_schema(project: Project) -> Iterator[str]:
    yield from (f"{path} is missing" for path in REQUIRED if path not in project.files)
    for path, content in project.json.items():
        if path.endswith(WITHOUT_SCHEMA):
            continue
        address = content.get("$schema", "")
        if address not in _registry():
            yield f"{path} names no schema that is kept here: {address!r}"
            continue
        for error in _validator(address).iter_errors(content):
            yield f"{path}, {error.json_path}: {error.message[:200]}"


def item_paths_lead_somewhere(project: Project) -> Iterator[str]:
    report = project.json["SingStat.pbip"]["artifacts"][0]["report"]["path"]
    if f"{report}/definition.pbir" not in project.files:
        yield f"SingStat.pbip leads to {report}, which is no report"
    model = project.json["SingStat.Report/definition.pbir"]["datasetReference"]["byPath"]["path"]
    if posixpath.normpath(f"SingStat.Report/{model}") + "/definition.pbism" not in project.files:
        yield f"definition.pbir leads to {model}, which is no semantic model"
    platforms = [content for path, content in project.json.items() if path.endswith("/.platform")]
    if [one["metadata"]["type"] for one in platforms] != ["Report", "SemanticModel"]:
        yield "the items must be a Report and a SemanticModel"
    if len({one["config"]["logicalId"] for one in platforms}) < len(platforms):
        yield "two items have one logicalId"


def data_source_files_name_a_source(project: Project) -> Iterator[str]:
    """Of Microsoft's form there is only a description: one connection, its protocol and its address."""
    for path, content in project.json.items():
        if path.endswith(".pbids"):
            details = [connection["details"] for connection in content.get("connections", [])]
            if content.get("version") != "0.1" or len(details) != 1:
                yield f"{path} must have version 0.1 and one connection"
            elif not details[0].get("address", {}).get(PROTOCOLS.get(details[0].get("protocol", ""), "")):
                yield f"{path} names no source"
