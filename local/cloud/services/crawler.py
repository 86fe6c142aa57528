"""Crawls for moto's Glue crawlers: Parquet files under their S3 targets become tables and partitions."""

import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from moto.core.utils import utcnow
from moto.glue.exceptions import CrawlerNotRunningException, CrawlerRunningException
from moto.glue.models import FakeCrawl, FakeCrawler

from local.cloud.iam.calls import Call
from local.cloud.iam.guard import Access
from local.cloud.services import partition_expressions
from local.cloud.sql.catalogue import data_files
from local.cloud.sql.scan import hive_type

PARQUET = "org.apache.hadoop.hive.ql.io.parquet"
FINAL_STATUS = {"COMPLETED": "SUCCEEDED", "STOPPED": "CANCELLED", "FAILED": "FAILED"}

Columns = list[dict[str, str]]
Needed = Callable[[str, str, dict[str, Any]], None]


class Crawl(FakeCrawl):  # type: ignore[misc]
    """A crawl whose status is set by its thread, not by moto's timer."""

    status = "RUNNING"
    error: str | None = None


def install(lake: Path, saved: Callable[[], None], access: Access) -> None:
    """Patch moto's crawlers to read the files of `lake`; `saved` is called after each change of the catalogue.

    A crawler's role needs `access` to what the crawler reads and catalogues.
    """
    partition_expressions.repair()
    starting = threading.Lock()
    describe = FakeCrawler.as_dict

    def start_crawler(self: FakeCrawler) -> None:
        with starting:
            if self.status != "READY":
                raise CrawlerRunningException(f"Crawler with name {self.name} has already started")
            crawl = Crawl(self.name)
            self.crawls.append(crawl)
        threading.Thread(target=_work, args=(self, crawl, lake, saved, access), daemon=True).start()

    def stop_crawler(self: FakeCrawler) -> None:
        if self.status != "RUNNING":
            raise CrawlerNotRunningException(f"Crawler with name {self.name} isn't running")
        self.crawls[-1].status = "STOPPING"

    def as_dict(self: FakeCrawler) -> dict[str, Any]:
        described: dict[str, Any] = describe(self)
        described.pop("LastCrawl", None)
        if ended := [crawl for crawl in self.crawls if crawl.status in FINAL_STATUS]:
            described["LastCrawl"] = _last_crawl(ended[-1])
        return described

    FakeCrawler.start_crawler = start_crawler
    FakeCrawler.stop_crawler = stop_crawler
    FakeCrawler.as_dict = as_dict


def _last_crawl(crawl: Crawl) -> dict[str, Any]:
    described = {
        "Status": FINAL_STATUS[crawl.status],
        "StartTime": crawl.start_time,
        "LogGroup": crawl.log_group,
        "LogStream": crawl.log_stream,
        "MessagePrefix": crawl.message_prefix,
    }
    return described | ({"ErrorMessage": crawl.error} if crawl.error else {})


def _work(crawler: FakeCrawler, crawl: Crawl, lake: Path, saved: Callable[[], None], access: Access) -> None:
    ending, need = "COMPLETED", _needed(crawler, access)
    try:
        targets = [_Target(each["Path"].rstrip("/") + "/", lake) for each in crawler.targets.get("S3Targets", [])]
        for target in targets:
            _check_reads(target, lake, need)
        if crawl.status == "RUNNING":
            for target in targets:
                if target.files:
                    _catalogue(crawler, target, need)
            saved()
    except Exception as error:  # noqa: BLE001 - any error ends the crawl
        ending, crawl.error = "FAILED", str(error).splitlines()[0]
    crawl.end_time = utcnow()
    crawl.status = "STOPPED" if crawl.status == "STOPPING" else ending


def _needed(crawler: FakeCrawler, access: Access) -> Needed:
    """A check of the calls that the crawler makes as its role."""
    return lambda service, operation, parameters: access(crawler.role, Call(service, operation, parameters))


def _check_reads(target: "_Target", lake: Path, need: Needed) -> None:
    bucket, _, prefix = target.path.removeprefix("s3://").partition("/")
    need("s3", "ListObjectsV2", {"Bucket": bucket, "prefix": prefix})
    for file in target.files:
        need("s3", "GetObject", {"Bucket": bucket, "Key": file.relative_to(lake / bucket).as_posix()})


class _Target:
    """The content of one S3 target: the columns of its Parquet files, and the folders that are partitions."""

    def __init__(self, path: str, lake: Path) -> None:
        self.path = path
        self.files = list(data_files(lake, path))
        root = lake / path.removeprefix("s3://")
        folders = {file.parent.relative_to(root).parts for file in self.files}
        keys = {tuple(_partition(index, folder)[0] for index, folder in enumerate(parts)) for parts in folders}
        if len(keys) > 1:
            one, other, *_ = sorted("/".join(names) for names in keys)
            raise ValueError(f"{path} is partitioned by {one or 'nothing'} and by {other}: it cannot be one table")
        self.keys = list(keys.pop()) if keys else []
        self.columns = self._columns(set(self.keys)) if self.files else []
        self.partitions = {
            tuple(_partition(index, folder)[1] for index, folder in enumerate(parts)): f"{path}{'/'.join(parts)}/"
            for parts in sorted(folders)
        }

    def _columns(self, keys: set[str]) -> Columns:
        """The union of the files' columns by name, in the order of their first appearance."""
        from local.cloud.sql.library import connect  # noqa: PLC0415 - imports DuckDB

        fields = connect().execute(
            "SELECT file_name, lower(name), duckdb_type FROM parquet_schema(?) WHERE column_id > 0",
            [[file.as_posix() for file in self.files]],
        )
        types: dict[str, str] = {}
        for file, name, duck in fields.fetchall():
            if name in keys:
                raise ValueError(f"column {name} of {file} is also a partition key")
            if types.setdefault(name, hive_type(duck)) != hive_type(duck):
                raise ValueError(f"column {name} is {types[name]} in other files but {hive_type(duck)} in {file}")
        return [{"Name": name, "Type": kind} for name, kind in types.items()]


def _partition(index: int, folder: str) -> tuple[str, str]:
    """A folder's partition key and value."""
    key, equals, value = folder.partition("=")
    return (key.lower(), unquote(value)) if equals else (f"partition_{index}", folder)


def _catalogue(crawler: FakeCrawler, target: _Target, need: Needed) -> None:
    """Create or update the table of a target, and create its new partitions."""
    glue, database = crawler.backend, crawler.database_name
    need("glue", "GetDatabase", {"Name": database})
    if database not in glue.databases:
        glue.create_database(database, {"Name": database})
    folder = target.path.rstrip("/").rpartition("/")[2]
    name = re.sub(r"\W", "_", f"{crawler.table_prefix or ''}{folder}".lower())
    definition = _table_input(name, crawler.name, target)
    place = {"DatabaseName": database, "TableName": name}
    need("glue", "GetTable", place)
    table = glue.databases[database].tables.get(name)
    if table is None:
        need("glue", "CreateTable", place)
        table = glue.create_table(database, name, definition)
    elif table.versions[table.as_dict()["VersionId"]] != definition and _may_update(crawler):
        need("glue", "UpdateTable", place)
        table.update(definition)
    storage = table.as_dict()["StorageDescriptor"]
    if target.keys:
        need("glue", "BatchGetPartition", place)
        need("glue", "BatchCreatePartition", place)
    for values, location in target.partitions.items() if target.keys else ():
        if str(list(values)) not in table.partitions:
            table.create_partition({"Values": list(values), "StorageDescriptor": storage | {"Location": location}})


def _may_update(crawler: FakeCrawler) -> bool:
    policy: dict[str, str] = crawler.schema_change_policy or {}
    return policy.get("UpdateBehavior") != "LOG"


def _table_input(name: str, crawler: str, target: _Target) -> dict[str, Any]:
    return {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"classification": "parquet", "typeOfData": "file", "UPDATED_BY_CRAWLER": crawler},
        "PartitionKeys": [{"Name": key, "Type": "string"} for key in target.keys],
        "StorageDescriptor": {
            "Columns": target.columns,
            "Location": target.path,
            "InputFormat": f"{PARQUET}.MapredParquetInputFormat",
            "OutputFormat": f"{PARQUET}.MapredParquetOutputFormat",
            "SerdeInfo": {"SerializationLibrary": f"{PARQUET}.serde.ParquetHiveSerDe"},
        },
    }
