"""The model has the columns of the template's published tables, which are those of the declared schema."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import fields
from pipeline.publication.record import Publication
from pipeline.table import schema
from samtranslator.yaml_helper import yaml_parse

from tests.powerbi.checks.project import Project, load

RESOURCES: dict[str, Any] = yaml_parse((Path(__file__).parents[2] / "template.yaml").read_text("utf-8"))["Resources"]
_, FREQUENCIES, EACH = RESOURCES["Fn::ForEach::Published"]
TYPES = {"string": "string", "date": "dateTime", "decimal(38,18)": "double", "bigint": "int64"}


def glue_columns(resource: dict[str, Any]) -> dict[str, str]:
    table = resource["Properties"]["TableInput"]
    listed = [*table["StorageDescriptor"]["Columns"], *table.get("PartitionKeys", [])]
    return {column["Name"]: column["Type"] for column in listed}


TIME_SERIES = glue_columns(next(iter(EACH.values())))
CROSS_SECTIONAL, TABLES, EDITIONS, REVISIONS = (
    glue_columns(RESOURCES[name]) for name in ("PublishedCrossSectional", "Tables", "Editions", "Revisions")
)


@pytest.fixture(scope="module")
def project() -> Project:
    return load()


@pytest.mark.parametrize(
    ("name", "published", "added"),
    [
        ("observations", TIME_SERIES, {"frequency", "series_label"}),
        ("cross_sectional", CROSS_SECTIONAL, set()),
        ("tables", TABLES, set()),
        ("revisions", REVISIONS, {"revised_on", "relative_change"}),
    ],
)
def test_powerbi_table_has_the_columns_of_the_template(
    project: Project, name: str, published: dict[str, str], added: set[str]
) -> None:
    columns = {column.name: column.properties["dataType"] for column in project.tables[name].of("column")}

    assert columns.keys() - published.keys() == added
    assert {column: columns.get(column) for column in published} == {
        column: TYPES[hive] for column, hive in published.items()
    }


def test_powerbi_contract_is_the_declared_schema() -> None:
    assert (TABLES, EDITIONS, REVISIONS) == (schema.TABLES, schema.EDITIONS, schema.REVISIONS)
    assert schema.PUBLISHED_PARTITIONS | schema.TIME_SERIES == TIME_SERIES
    assert schema.PUBLISHED_PARTITIONS | schema.CROSS_SECTIONAL == CROSS_SECTIONAL


def test_powerbi_tables_are_the_publications() -> None:
    assert schema.TABLES.keys() == {field.name for field in fields(Publication)} - {"total", "editions"}


def test_powerbi_reads_every_published_frequency_of_the_published_database(project: Project) -> None:
    query = project.tables["observations"].of("partition")[0].of("source")[0].expression
    (database,) = (one.expression for one in project.nodes("expression") if one.name == "AthenaDatabase")
    published = RESOURCES["PublishedDatabase"]["Properties"]["DatabaseInput"]["Name"]

    assert all(f'"{frequency}"' in query for frequency in FREQUENCIES)
    assert database.startswith(f'"{published}" meta ')
