"""The Glue Data Catalog: partitions and their locations, and the crawled schema."""

import os
from typing import TYPE_CHECKING

import boto3

from pipeline.aws.data_bucket import BUCKET
from pipeline.contracts import keys
from pipeline.publication.record import Publication

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import TableTypeDef

PUBLISHED, STAGED = os.environ["PUBLISHED_DATABASE"], os.environ["STAGED_DATABASE"]
BATCH = 100  # partitions in one BatchCreatePartition

glue = boto3.client("glue")


def uri(key: str) -> str:
    """The S3 URI of a key in the data bucket."""
    return f"s3://{BUCKET}/{key}"


def is_visible(publication: Publication) -> bool:
    """Whether the partition of `<frequency>` points at this publication (GetPartition): that is what readers see."""
    try:
        response = glue.get_partition(
            DatabaseName=PUBLISHED, TableName=publication.frequency, PartitionValues=[publication.table_id]
        )
    except glue.exceptions.EntityNotFoundException:
        return False
    return response["Partition"]["StorageDescriptor"]["Location"] == publication.location


def set_partitions(publication: Publication) -> None:
    """Point `<frequency>` at this publication, and add its edition to `<frequency>_vintages`.

    CreatePartition, or UpdatePartition if the partition exists.
    """
    table_id, location = publication.table_id, publication.location
    _set_partition(f"{publication.frequency}_vintages", [table_id, publication.edition], location)
    _set_partition(publication.frequency, [table_id], location)


def staged_schema() -> tuple[list[tuple[str, str]], list[tuple[str, str]]] | None:
    """Columns and partition keys of the staged table as (name, type), None before the first crawl (GetTable)."""
    try:
        table = glue.get_table(DatabaseName=STAGED, Name=keys.STAGED)["Table"]
    except glue.exceptions.EntityNotFoundException:
        return None
    pairs = [[(column["Name"], column["Type"]) for column in columns] for columns in _columns(table)]
    return pairs[0], pairs[1]


def add_staged_partitions(partitions: list[tuple[str, str, str]]) -> None:
    """Add (run, frequency, table id) partitions (BatchCreatePartition); existing ones are left unchanged.

    Raises RuntimeError if Glue rejects a partition.
    """
    table = glue.get_table(DatabaseName=STAGED, Name=keys.STAGED)["Table"]
    entries = [
        {
            "Values": list(values),
            "StorageDescriptor": {**table["StorageDescriptor"], "Location": uri(keys.staged(*values))},
        }
        for values in partitions
    ]
    for start in range(0, len(entries), BATCH):
        response = glue.batch_create_partition(
            DatabaseName=STAGED,
            TableName=keys.STAGED,
            PartitionInputList=entries[start : start + BATCH],  # type: ignore[arg-type]
        )
        for error in response.get("Errors", []):
            if error["ErrorDetail"]["ErrorCode"] != "AlreadyExistsException":
                raise RuntimeError(f"partition {error['PartitionValues']}: {error['ErrorDetail']}")


def _columns(table: "TableTypeDef") -> tuple[list, list]:  # type: ignore[type-arg]
    return table["StorageDescriptor"]["Columns"], table.get("PartitionKeys", [])


def _set_partition(table: str, values: list[str], location: str) -> None:
    storage = glue.get_table(DatabaseName=PUBLISHED, Name=table)["Table"]["StorageDescriptor"]
    partition = {"Values": values, "StorageDescriptor": {**storage, "Location": location}}
    try:
        glue.create_partition(DatabaseName=PUBLISHED, TableName=table, PartitionInput=partition)  # type: ignore[arg-type]
    except glue.exceptions.AlreadyExistsException:
        glue.update_partition(
            DatabaseName=PUBLISHED,
            TableName=table,
            PartitionValueList=values,
            PartitionInput=partition,  # type: ignore[arg-type]
        )
