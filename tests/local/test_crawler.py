"""The crawler on real Parquet files: the catalogue must match their content."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.cloud.services import crawler
from local.cloud.sql import athena, catalogue
from tests.support import lakes, waiting

TYPES = {
    "series_no": "string",
    "period_start": "date",
    "value": "decimal(38,18)",
    "cells": "bigint",
    "small": "int",
    "seen": "timestamp",
    "final": "boolean",
    "ratio": "double",
}
ROW = (
    "SELECT '1.10' AS Series_No, DATE '2024-01-31' AS period_start, 0.1::DECIMAL(38,18) AS value, 7::BIGINT AS cells, "
    "7::INTEGER AS small, TIMESTAMP '2024-01-31 10:00:00' AS seen, true AS final, 0.5::DOUBLE AS ratio"
)


@pytest.fixture
def glue(tmp_path: Path) -> Iterator[Any]:
    crawler.install(tmp_path, lambda: catalogue.save(tmp_path), lakes.anybody)
    with lakes.aws() as client:
        yield client("glue")


def crawl(glue: Any, name: str = "staged", **settings: Any) -> dict[str, Any]:
    """Crawl `s3://data/Staged-Data/` to the end and return LastCrawl."""
    if name not in glue.list_crawlers()["CrawlerNames"]:
        targets = {"S3Targets": [{"Path": "s3://data/Staged-Data/"}]}
        glue.create_crawler(**{"Name": name, "Role": "r", "DatabaseName": "db", "Targets": targets, **settings})
    glue.start_crawler(Name=name)
    waiting.wait_for(lambda: glue.get_crawler(Name=name)["Crawler"]["State"] == "READY")
    last: dict[str, Any] = glue.get_crawler(Name=name)["Crawler"]["LastCrawl"]
    return last


def columns(table: dict[str, Any]) -> dict[str, str]:
    return {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]}


def test_files_become_one_table_with_partitions(glue: Any, tmp_path: Path) -> None:
    lakes.parquet(tmp_path, "data/Staged-Data/run=r1/table_id=M1/a.parquet", ROW)
    lakes.parquet(tmp_path, "data/Staged-Data/run=r1/table_id=half%20year/b.parquet", f"{ROW}, 'kg' AS unit")
    lakes.text(tmp_path, "data/Staged-Data/_SUCCESS", "")
    last = crawl(glue, TablePrefix="SG_")
    assert last["Status"] == "SUCCEEDED"

    table = glue.get_table(DatabaseName="db", Name="sg_staged_data")["Table"]
    assert columns(table) == TYPES | {"unit": "string"}
    assert table["PartitionKeys"] == [{"Name": "run", "Type": "string"}, {"Name": "table_id", "Type": "string"}]
    partitions = glue.get_partitions(DatabaseName="db", TableName="sg_staged_data")["Partitions"]
    assert {tuple(item["Values"]): item["StorageDescriptor"]["Location"] for item in partitions} == {
        ("r1", "M1"): "s3://data/Staged-Data/run=r1/table_id=M1/",
        ("r1", "half year"): "s3://data/Staged-Data/run=r1/table_id=half%20year/",
    }
    answer = athena.run("SELECT value, unit, table_id FROM sg_staged_data ORDER BY table_id", "db", (), tmp_path)
    assert answer.rows == [("0.100000000000000000", None, "M1"), ("0.100000000000000000", "kg", "half year")]


def test_a_second_crawl_adds_new_partitions_and_keeps_existing_ones(glue: Any, tmp_path: Path) -> None:
    lakes.parquet(tmp_path, "data/Staged-Data/table_id=M1/a.parquet", ROW)
    crawl(glue)
    first = glue.get_table(DatabaseName="db", Name="staged_data")["Table"]["VersionId"]
    lakes.parquet(tmp_path, "data/Staged-Data/table_id=M2/a.parquet", ROW)
    crawl(glue)
    assert glue.get_table(DatabaseName="db", Name="staged_data")["Table"]["VersionId"] == first
    assert len(glue.get_partitions(DatabaseName="db", TableName="staged_data")["Partitions"]) == 2
    lakes.parquet(tmp_path, "data/Staged-Data/table_id=M3/a.parquet", f"{ROW}, 'kg' AS unit")
    crawl(glue)
    assert columns(glue.get_table(DatabaseName="db", Name="staged_data")["Table"]) == TYPES | {"unit": "string"}


def test_a_crawler_that_only_logs_changes_leaves_the_columns(glue: Any, tmp_path: Path) -> None:
    lakes.parquet(tmp_path, "data/Staged-Data/table_id=M1/a.parquet", ROW)
    policy = {"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"}
    crawl(glue, SchemaChangePolicy=policy)
    lakes.parquet(tmp_path, "data/Staged-Data/table_id=M2/a.parquet", f"{ROW}, 'kg' AS unit")
    assert crawl(glue)["Status"] == "SUCCEEDED"
    assert columns(glue.get_table(DatabaseName="db", Name="staged_data")["Table"]) == TYPES
    assert len(glue.get_partitions(DatabaseName="db", TableName="staged_data")["Partitions"]) == 2


def test_an_empty_target_is_a_success_without_a_table(glue: Any, tmp_path: Path) -> None:
    assert crawl(glue)["Status"] == "SUCCEEDED"
    assert catalogue.load(tmp_path).databases == {}


@pytest.mark.parametrize(
    ("key", "select", "message"),
    [
        ("table_id=M2/b.parquet", "SELECT 7 AS series_no", "column series_no is string in other files but int in"),
        ("table_id=M2/b.parquet", "SELECT '7' AS table_id", "column table_id of .* is also a partition"),
        ("b.parquet", ROW, "partitioned by nothing and by table_id"),
        ("table_id=M2/b.parquet", "SELECT [1] AS items, {'a': 1} AS item", "not supported"),
    ],
)
def test_files_that_cannot_be_one_table_fail_the_crawl(
    glue: Any, tmp_path: Path, key: str, select: str, message: str
) -> None:
    lakes.parquet(tmp_path, "data/Staged-Data/table_id=M1/a.parquet", ROW)
    lakes.parquet(tmp_path, f"data/Staged-Data/{key}", select)
    last = crawl(glue)
    assert last["Status"] == "FAILED"
    assert re.search(message, last["ErrorMessage"])
    assert catalogue.load(tmp_path).databases == {}


def test_a_running_crawler_cannot_be_started_and_reports_its_last_crawl(tmp_path: Path) -> None:
    go_on, first = threading.Event(), threading.Event()

    def saved() -> None:
        first.set()
        assert go_on.wait(waiting.PATIENCE)

    crawler.install(tmp_path, saved, lakes.anybody)
    with lakes.aws() as client:
        glue = client("glue")
        glue.create_crawler(Name="c", Role="r", DatabaseName="db", Targets={"S3Targets": [{"Path": "s3://data/x/"}]})
        glue.start_crawler(Name="c")
        assert first.wait(waiting.PATIENCE)
        running = glue.get_crawler(Name="c")["Crawler"]
        assert running["State"] == "RUNNING"
        assert "LastCrawl" not in running
        with pytest.raises(ClientError, match="CrawlerRunningException"):
            glue.start_crawler(Name="c")
        go_on.set()
        waiting.wait_for(lambda: glue.get_crawler(Name="c")["Crawler"]["State"] == "READY")
        assert glue.get_crawler(Name="c")["Crawler"]["LastCrawl"]["Status"] == "SUCCEEDED"
