"""The Glue Data Catalog: partitions and their locations, and the crawled schema."""

import os
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, get_args

from pipeline.aws.clients import client
from pipeline.aws.data_bucket import BUCKET
from pipeline.contracts import keys
from pipeline.frequency import Frequency
from pipeline.publication.record import Publication

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import TableTypeDef

PUBLISHED, STAGED = os.environ["PUBLISHED_DATABASE"], os.environ["STAGED_DATABASE"]
BATCH = 100  # partitions in one BatchCreatePartition

glue = client("glue")


def uri(key: str) -> str:
    """The S3 URI of a key in the data bucket."""
    return f"s3://{BUCKET}/{key}"


def is_visible(publication: Publication) -> bool:
    """Whether readers see this publication and nothing else of its table (GetPartition).

    The partition of `<frequency>` points at it, and the datasets of its former frequencies have none.
    """
    table_id = publication.table_id
    return _location(publication.frequency, table_id) == publication.location and not any(
        _location(frequency, table_id) for frequency in _former_frequencies(publication)
    )


def set_partitions(publication: Publication) -> None:
    """Add this edition to `<frequency>_vintages`, point `<frequency>` at it, then take it from former datasets.

    CreatePartition, or UpdatePartition if the partition exists; DeletePartition. Readers always see the table.
    """
    table_id, location = publication.table_id, publication.location
    _set_partition(f"{publication.frequency}_vintages", [table_id, publication.edition], location)
    _set_partition(publication.frequency, [table_id], location)
    for frequency in _former_frequencies(publication):
        _delete_partition(frequency, [table_id])


def align(table_id: str, publication: Publication | None) -> None:
    """Point readers at this publication, None if there is none any more; they lose what its record does not have.

    As `set_partitions`, and GetPartitions to find the editions to delete.
    """
    kept = {(each.frequency, each.edition) for each in publication.editions} if publication else set()
    if publication:
        set_partitions(publication)
    for frequency in get_args(Frequency):
        if (publication is None or frequency != publication.frequency) and _location(frequency, table_id):
            _delete_partition(frequency, [table_id])
        for edition in list(_editions(frequency, table_id)):
            if (frequency, edition) not in kept:
                _delete_partition(f"{frequency}_vintages", [table_id, edition])


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


def _delete_partition(table: str, values: list[str]) -> None:
    with suppress(glue.exceptions.EntityNotFoundException):
        glue.delete_partition(DatabaseName=PUBLISHED, TableName=table, PartitionValues=values)


def _location(frequency: str, table_id: str) -> str:
    try:
        response = glue.get_partition(DatabaseName=PUBLISHED, TableName=frequency, PartitionValues=[table_id])
    except glue.exceptions.EntityNotFoundException:
        return ""
    return response["Partition"]["StorageDescriptor"]["Location"]


def _editions(frequency: str, table_id: str) -> Iterator[str]:
    pages = glue.get_paginator("get_partitions").paginate(
        DatabaseName=PUBLISHED, TableName=f"{frequency}_vintages", Expression=f"table_id = '{table_id}'"
    )
    yield from (partition["Values"][1] for page in pages for partition in page["Partitions"])


def _former_frequencies(publication: Publication) -> set[str]:
    return {edition.frequency for edition in publication.editions} - {publication.frequency}
