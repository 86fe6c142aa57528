"""The laptop's Glue Data Catalog, persisted in `<lake>/catalogue.json`.

The file is a JSON document and, while partitions change, a line for each change: a lake has thousands of them. If its
writer was killed it may end in half a line, which is not read.
"""

import base64
import json
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from local.cloud.account import ACCOUNT, REGION

FILE_NAME = "catalogue.json"
PUBLISHED = "transformed_singstat_data"
VIEW_OPENS, VIEW_CLOSES = "/* Presto View: ", " */"

DELETED = msgspec.Raw(b"null")

_lock = threading.Lock()


class Change(msgspec.Struct, array_like=True):
    """A line after the document: a partition as it is now, or `DELETED`."""

    database: str
    table: str
    values: list[str]
    partition: msgspec.Raw


@dataclass(frozen=True)
class Table:
    """A catalogue table as the query engine needs it. `serde` is `parquet`, `json`, or a library's full name."""

    database: str
    name: str
    columns: tuple[tuple[str, str], ...]
    partition_keys: tuple[tuple[str, str], ...]
    location: str
    serde: str
    view: str | None
    partitions: dict[tuple[str, ...], str]

    @property
    def all_columns(self) -> tuple[tuple[str, str], ...]:
        """Name and Hive type of the columns in the order of `SELECT *`: partition keys last."""
        return self.columns + self.partition_keys


@dataclass(frozen=True)
class Catalogue:
    """All databases, each with its tables by name."""

    databases: dict[str, dict[str, Table]]


class _KeptTable(msgspec.Struct):
    input: dict[str, Any]
    partitions: list[msgspec.Raw]


class _KeptDatabase(msgspec.Struct):
    input: dict[str, Any]
    tables: dict[str, _KeptTable]


class _Place(msgspec.Struct, rename="pascal"):
    """Where the files of a partition are, if it says so."""

    location: str | None = None


class _KeptPartition(msgspec.Struct, rename="pascal"):
    """What a query needs of a partition."""

    values: tuple[str, ...]
    storage_descriptor: _Place = msgspec.field(default_factory=_Place)


_CONTENT = msgspec.json.Decoder(dict[str, _KeptDatabase])
_PARTITION = msgspec.json.Decoder(_KeptPartition)
_CHANGE = msgspec.json.Decoder(Change)


def load(lake: Path) -> Catalogue:
    """The content of `<lake>/catalogue.json`, empty if the file does not exist. Does not import moto."""
    return Catalogue(
        {
            database: {name: _table(database, name, kept) for name, kept in content.tables.items()}
            for database, content in _read(lake).items()
        }
    )


def save(lake: Path) -> None:
    """Write moto's Glue databases, tables and partitions to `<lake>/catalogue.json` if they have changed."""
    path = lake / FILE_NAME
    with _lock:
        content = msgspec.json.encode(_glue_content(), enc_hook=str) + b"\n"
        if path.exists() and path.stat().st_size == len(content) and path.read_bytes() == content:
            return
        lake.mkdir(parents=True, exist_ok=True)
        fresh = lake / f".{FILE_NAME}"
        fresh.write_bytes(content)
        fresh.replace(path)


def save_change(lake: Path, parameters: dict[str, Any]) -> None:
    """Write what a call to Glue has changed to `<lake>/catalogue.json`: only the partitions, if it is about some."""
    changed = _partition_values(parameters)
    if not changed:
        save(lake)
        return
    database, name = parameters["DatabaseName"], parameters["TableName"]
    with _lock:
        partitions = _glue().databases[database].tables[name].partitions
        changes = (
            Change(database, name, values, partitions[str(values)].kept if str(values) in partitions else DELETED)
            for values in changed
        )
        with (lake / FILE_NAME).open("ab", buffering=0) as file:
            file.write(msgspec.json.Encoder().encode_lines(changes))


def restore(lake: Path) -> None:
    """Create the content of `<lake>/catalogue.json` in moto's Glue; what exists there already is not changed."""
    glue = _glue()
    for database, content in _read(lake).items():
        if database not in glue.databases:
            glue.create_database(database, content.input)
        tables = glue.databases[database].tables
        for name, kept in content.tables.items():
            table = tables.get(name) or glue.create_table(database, name, kept.input)
            for partition in kept.partitions:
                if str(list(_PARTITION.decode(partition).values)) not in table.partitions:
                    table.create_partition(msgspec.json.decode(partition))


def current_table(database: str, name: str) -> Table | None:
    """A table of moto's Glue without its partitions; None if it does not exist."""
    found = definition(database, name)
    return _table(database, name, _KeptTable(found, [])) if found else None


def definition(database: str, name: str) -> Any:
    """The TableInput of a table of moto's Glue; None if it does not exist."""
    parent = _glue().databases.get(database)
    table = parent.tables.get(name) if parent else None
    return _definition(table) if table else None


def install() -> None:
    """Patch moto's UpdateTable to refuse a `VersionId` other than the current one, as AWS does."""
    from moto.core.exceptions import JsonRESTError  # noqa: PLC0415 - `singstat query` runs without moto
    from moto.glue.responses import GlueResponse  # noqa: PLC0415

    update, versions = GlueResponse.update_table, threading.Lock()

    def update_table(self: Any) -> Any:
        expected = self.parameters.get("VersionId")
        with versions:
            if expected is not None:
                name = self.parameters["TableInput"]["Name"]
                table = self.glue_backend.get_table(self.parameters["DatabaseName"], name)
                if expected != table.as_dict()["VersionId"]:
                    raise JsonRESTError(
                        "ConcurrentModificationException",
                        f"Update table failed due to concurrent modifications: {name} is not at version {expected}.",
                    )
            return update(self)

    GlueResponse.update_table = update_table


def data_files(lake: Path, uri: str) -> Iterator[Path]:
    """The objects under an `s3://bucket/prefix` in name order, without those that Hive ignores (`_name`, `.name`)."""
    folder = lake / uri.removeprefix("s3://")
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name[0] not in "_.")
        yield from (Path(here, name) for name in sorted(names) if name[0] not in "_.")


def _glue() -> Any:
    from moto.glue import models  # noqa: PLC0415 - `singstat query` runs without moto

    models.FakePartition.partition_input = property(_partition_input, _keep_partition_input)
    return models.glue_backends[ACCOUNT][REGION]


def _partition_input(partition: Any) -> Any:
    return msgspec.json.decode(partition.kept)


def _keep_partition_input(partition: Any, given: Any) -> None:
    """As JSON: as an object it takes ten times the memory, and a lake has thousands, all saved at each change."""
    partition.kept = msgspec.Raw(msgspec.json.encode(given, enc_hook=str))


def _glue_content() -> dict[str, Any]:
    return {
        name: {
            "input": database.input,
            "tables": {
                table.name: {
                    "input": _definition(table),
                    "partitions": [partition.kept for partition in list(table.partitions.values())],
                }
                for table in list(database.tables.values())
            },
        }
        for name, database in list(_glue().databases.items())
    }


def _partition_values(parameters: dict[str, Any]) -> list[list[str]]:
    """Of all partitions in the parameters of Create-, Update-, Delete- or a Batch...Partition."""
    entries = [parameters]
    for name in ("PartitionInputList", "PartitionsToDelete", "Entries"):
        entries += parameters.get(name, [])
    inputs = [entry["PartitionInput"] for entry in entries if "PartitionInput" in entry]
    names = ("Values", "PartitionValues", "PartitionValueList")
    return [entry[name] for entry in (*entries, *inputs) for name in names if name in entry]


def _definition(table: Any) -> Any:
    return table.versions[table.as_dict()["VersionId"]]


def _read(lake: Path) -> dict[str, _KeptDatabase]:
    try:
        document, *lines = (lake / FILE_NAME).read_bytes().split(b"\n")
    except FileNotFoundError:
        return {}
    content = _CONTENT.decode(document)
    changes: dict[tuple[str, str], dict[tuple[str, ...], msgspec.Raw]] = {}
    for change in map(_CHANGE.decode, lines[:-1]):
        changes.setdefault((change.database, change.table), {})[tuple(change.values)] = change.partition
    for (database, table), changed in changes.items():
        kept = content[database].tables[table]
        partitions = {_PARTITION.decode(partition).values: partition for partition in kept.partitions} | changed
        kept.partitions = [partition for partition in partitions.values() if partition != DELETED]
    return content


def _table(database: str, name: str, kept: _KeptTable) -> Table:
    definition, partitions = kept.input, map(_PARTITION.decode, kept.partitions)
    storage = definition.get("StorageDescriptor", {})
    location = storage.get("Location", "")
    return Table(
        database=database,
        name=name,
        columns=_columns(storage.get("Columns", [])),
        partition_keys=_columns(definition.get("PartitionKeys", [])),
        location=location,
        serde=_serde(storage),
        view=_view_sql(definition),
        partitions={each.values: each.storage_descriptor.location or location for each in partitions},
    )


def _columns(columns: list[dict[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((column["Name"], column["Type"]) for column in columns)


def _serde(storage: dict[str, Any]) -> str:
    library: str = storage.get("SerdeInfo", {}).get("SerializationLibrary", "")
    return next((kind for kind in ("parquet", "json") if kind in library.lower()), library)


def _view_sql(definition: dict[str, Any]) -> str | None:
    if definition.get("TableType") != "VIRTUAL_VIEW":
        return None
    text = definition["ViewOriginalText"].removeprefix(VIEW_OPENS).removesuffix(VIEW_CLOSES)
    sql: str = json.loads(base64.b64decode(text))["originalSql"]
    return sql
