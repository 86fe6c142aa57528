"""QuickSight's queries, run on the laptop as QuickSight's role."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pipeline.contracts.states import RunRequest

from local.cli.run import run
from local.cloud.aws import LocalAWS
from local.cloud.stack.template import TEMPLATE, load_template
from local.replay.server import Replay
from tests.support import branches
from tests.support.reader import Reader

TYPES = {
    "varchar": "STRING",
    "date": "DATETIME",
    "integer": "INTEGER",
    "bigint": "INTEGER",
    "double": "DECIMAL",
}
GIVEN = {
    "EnableQuickSight": "true",
    "QuickSightPrincipalArn": "arn:aws:quicksight:ap-southeast-1:123456789012:group/default/economists",
}


@pytest.fixture(scope="module")
def quicksight(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    with Replay() as replay:
        parameters = branches.PARAMETERS | GIVEN | {"SourceUrl": replay.url}
        with LocalAWS(tmp_path_factory.mktemp("lake"), parameters=parameters) as aws:
            for day in ("23/10/2026", "24/10/2026"):
                replay.tables[branches.SMALL].revise(day, {("2", "1970"): day[:2]})
                assert run(aws, RunRequest(tables=[branches.SMALL]), lambda *_: None).status == "SUCCEEDED"
            yield Reader(aws, aws.attribute("QuickSightRole", "Arn"))


@pytest.fixture(scope="module")
def queries(
    quicksight: Reader, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[str, list[dict[str, str]]]]:
    """The SQL of each data set and the columns that it declares, by name."""
    nested = TEMPLATE.parent / "quicksight" / "template.yaml"
    resources = load_template(nested)["Resources"]
    tables = [
        table["CustomSql"]
        for body in resources.values()
        if body["Type"] == "AWS::QuickSight::DataSet"
        for table in body["Properties"]["PhysicalTableMap"].values()
    ]
    database = quicksight.aws.resource("PublishedDatabase")
    return {
        table["Name"]: (table["SqlQuery"]["Fn::Sub"].replace("${PublishedDatabase}", database), table["Columns"])
        for table in tables
    }


@pytest.mark.parametrize("name", ["series", "tables", "revisions"])
def test_quicksight_gets_the_declared_columns(quicksight: Reader, queries: Any, name: str) -> None:
    sql, declared = queries[name]
    columns, rows = quicksight.query(sql)

    assert [(column, TYPES[kind]) for column, kind in columns] == [(one["Name"], one["Type"]) for one in declared]
    assert rows


def test_quicksight_gets_every_published_observation_once(quicksight: Reader, queries: Any) -> None:
    _, ((observations, cells, missing),) = quicksight.query(
        f"SELECT count(*), count(DISTINCT series_no || '/' || period), sum(missing) FROM ({queries['series'][0]})"
    )
    _, ((published, without),) = quicksight.query("SELECT count(*), count_if(value IS NULL) FROM yearly")

    assert observations == cells == published
    assert missing == without


def test_quicksight_cannot_query_staged_tables(quicksight: Reader) -> None:
    with pytest.raises(ClientError, match="not authorized to perform: glue:GetDatabase"):
        quicksight.start("SELECT * FROM staged_singstat_data.transformedsingstatdata")
