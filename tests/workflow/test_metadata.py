"""Exports and published files, read and validated by the tools of the standards that describe them."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import frictionless
import jsonschema
import mlcroissant
import pysdmx.io
import pytest
import sdmx
from pipeline.metadata import sdmx as ours
from sdmx.reader.csv import Reader

from local.cli.export import export
from tests.support.laptop import Rows, query

PROFILE = json.loads((Path(__file__).parent / "schemas" / "datapackage-2.0.json").read_text("utf-8"))
FREQUENCIES = ("monthly", "quarterly", "yearly", "cross_sectional")
SOME = ("M212161", "16622")  # periods; columns and markers
Cells = dict[tuple, tuple]


@pytest.fixture(scope="module")
def exported(published: tuple[Path, dict], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folders = {kind: tmp_path_factory.mktemp(kind) / "out" for kind in ("csv", "parquet", "xlsx", "sdmx")}
    for kind, folder in folders.items():
        export(published[0], folder, kind)
    return folders


@pytest.fixture(scope="module")
def kept(published: tuple[Path, dict]) -> dict[str, Path]:
    """The folders of the published editions in the data bucket, by table."""
    locations = query("SELECT table_id, location FROM tables", published[0])
    return {row["table_id"]: published[0] / row["location"].removeprefix("s3://") for row in locations}


@pytest.fixture(scope="module")
def rows(published: tuple[Path, dict]) -> dict[str, Rows]:
    """The published rows of each table."""
    found: dict[str, Rows] = {}
    for frequency in FREQUENCIES:
        for row in query(f"SELECT * FROM {frequency}", published[0]):
            found.setdefault(row["table_id"], []).append(row)
    return found


def cells(rows: Iterator[Any] | list[Any]) -> Cells:
    """Value and text of each cell by series and period or columns."""
    place = ("series_no", "period_start", "column_1", "column_2", "column_3", "column_4", "column_5")
    return {
        tuple(str(row.get(name) or "") for name in place): (
            None if row["value"] is None else Decimal(row["value"]),
            row["value_text"] or "",
        )
        for row in rows
    }


def check_package(path: Path) -> frictionless.Package:
    """The package, valid by the JSON Schema and by the library, which refuses a faulty one."""
    jsonschema.validate(json.loads(path.read_bytes()), PROFILE)
    return frictionless.Package(str(path))


def test_a_package_of_csv_gives_every_cell_exactly(exported, rows):
    package = check_package(exported["csv"] / "datapackage.json")
    tables = {each.name.upper(): each for each in package.resources if each.name not in ("tables", "revisions")}

    assert tables.keys() == rows.keys()
    for name, table in tables.items():
        found = table.read_rows()
        assert all(row.valid for row in found), name
        assert cells(row.to_dict() for row in found) == cells(rows[name]), name


@pytest.mark.parametrize("kind", ["csv", "parquet", "xlsx"])
def test_a_package_is_valid_in_every_format(kind, exported, rows):
    package = check_package(exported[kind] / "datapackage.json")

    for name in SOME:
        resource = package.get_resource(name.lower())
        assert resource.validate().valid, resource.validate().flatten(["type", "message"])
        assert cells(row.to_dict() for row in resource.read_rows()) == cells(rows[name]), name


def test_a_package_says_where_a_table_is_from(exported):
    package = check_package(exported["csv"] / "datapackage.json")
    table = package.get_resource("m212161").to_descriptor()

    assert package.to_descriptor()["version"] == "2026-09-25"
    assert package.to_descriptor()["licenses"][0]["path"] == "https://data.gov.sg/open-data-licence"
    assert table["sources"][0]["path"] == "https://tablebuilder.singstat.gov.sg/table/TS/M212161"
    assert table["sources"][0]["version"] == "2026-07-24"
    assert table["schema"]["primaryKey"] == ["series_no", "period_start"]
    assert "[table M212161]" in table["description"]


@pytest.mark.parametrize("kind", ["csv", "parquet", "xlsx"])
def test_a_croissant_has_no_issues(kind, exported):
    dataset = mlcroissant.Dataset(str(exported[kind] / "croissant.json"))

    issues = dataset.metadata.ctx.issues
    assert (issues.errors, issues.warnings) == (set(), set())


def test_a_croissant_of_parquet_gives_the_texts_of_the_cells(exported, rows):
    dataset = mlcroissant.Dataset(str(exported["parquet"] / "croissant.json"))

    assert {each.id for each in dataset.metadata.record_sets} == {*rows, "tables", "revisions"}
    for name in SOME:
        found = [{key.rpartition("/")[2]: value for key, value in record.items()} for record in dataset.records(name)]
        texts = sorted((row["series_no"].decode(), row["value_text"].decode()) for row in found)
        assert texts == sorted((row["series_no"], row["value_text"]) for row in rows[name])


def test_every_published_edition_is_described_beside_its_files(kept, rows):
    assert kept.keys() == rows.keys()
    for name, folder in kept.items():
        package = check_package(folder / "_datapackage.json")
        assert [(folder / each.path).is_file() for each in package.resources] == [True], name
        assert (folder / "_croissant.json").is_file()


@pytest.mark.parametrize("name", SOME)
def test_a_published_edition_can_be_read_by_its_descriptions(name, kept, rows):
    package = frictionless.Package(str(kept[name] / "_datapackage.json"))
    dataset = mlcroissant.Dataset(str(kept[name] / "_croissant.json"))
    issues, records = dataset.metadata.ctx.issues, dataset.records(name)

    assert package.validate().valid, package.validate().flatten(["type", "message"])
    assert cells(row.to_dict() for row in package.resources[0].read_rows()) == cells(rows[name])
    assert (issues.errors, issues.warnings) == (set(), set())
    assert sorted(each[f"{name}/value_text"].decode() for each in records) == sorted(
        row["value_text"] for row in rows[name]
    )


def test_every_cell_is_an_observation_of_sdmx(exported, rows):
    """By sdmx1, which keeps texts; pysdmx makes floats of OBS_VALUE."""
    for name, expected in rows.items():
        (path,) = exported["sdmx"].rglob(f"{name}.xml")
        structures = sdmx.read_sdmx(path)
        (dsd,) = structures.structure.values()
        with path.with_suffix(".csv").open("rb") as file:
            (data,) = Reader().convert(file, structure=dsd).data
        assert {observed(each, structures) for each in data.obs} == {wanted(row) for row in expected}, name


def observed(observation: Any, structures: Any) -> tuple:
    """An observation, with the names of its codes."""
    (dsd,) = structures.structure.values()
    keys = {name: str(value.value) for name, value in observation.dimension.values.items()}
    names = {
        each.id: str(each.local_representation.enumerated[keys[each.id]].name)
        for each in dsd.dimensions
        if each.id != "TIME_PERIOD"
    }
    attributes = {name: str(value.value) for name, value in observation.attached_attribute.items()}
    return (
        keys["SERIES"],
        names["SERIES"],
        keys.get("TIME_PERIOD", ""),
        tuple(names[name] for name in keys if name.startswith("COLUMN") and keys[name] != "_Z"),
        Decimal(observation.value) if observation.value else None,
        *(attributes[name] for name in ("VALUE_TEXT", "OBS_STATUS", "UNIT_MEASURE")),
    )


def wanted(row: dict[str, Any]) -> tuple:
    columns = tuple(row[name] for name in ("column_1", "column_2", "column_3", "column_4", "column_5") if row.get(name))
    period = row.get("period") or ""
    return (
        ours.code(row["series_no"]),
        row["series"],
        in_sdmx(period),
        columns,
        None if row["value"] is None else Decimal(row["value"]),
        row["value_text"] if row["value"] is None else "",
        "O" if row["value"] is None else "A",
        row["unit"],
    )


def in_sdmx(period: str) -> str:
    """SingStat's period in SDMX: `2026 3Q` is `2026-Q3`."""
    year, _, part = period.partition(" ")
    if part.endswith("Q"):
        return f"{year}-Q{part[0]}"
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{year}-{months.index(part) + 1:02}" if part else year


@pytest.mark.parametrize("name", SOME)
def test_a_structure_is_valid_by_the_schemas_of_sdmx_and_fits_its_data(name, exported, rows):
    (path,) = exported["sdmx"].rglob(f"{name}.xml")

    message = pysdmx.io.read_sdmx(path, validate=True)
    (data,) = pysdmx.io.get_datasets(path.with_suffix(".csv"), path)

    (flow,) = message.get_dataflows()
    assert [component.id for component in data.structure.components] == list(data.data.columns)
    assert (flow.id, len(data.data)) == (f"DF_{name}", len(rows[name]))
