"""Catalogue tables as DuckDB views over the files at the catalogue's locations."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from local.cloud.sql.catalogue import Table, data_files

if TYPE_CHECKING:
    import duckdb

DUCKDB_TYPES = {
    "string": "VARCHAR",
    "tinyint": "TINYINT",
    "smallint": "SMALLINT",
    "int": "INTEGER",
    "bigint": "BIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}
HIVE_TYPES = {duck: hive for hive, duck in DUCKDB_TYPES.items()}
SIZED_TYPE = re.compile(r"(varchar|char|decimal)\([\d, ]+\)", re.IGNORECASE)


def duckdb_type(hive: str) -> str:
    """The DuckDB type of a Hive scalar type. Raises `ValueError` for any other type."""
    if hive.lower() in DUCKDB_TYPES:
        return DUCKDB_TYPES[hive.lower()]
    if SIZED_TYPE.fullmatch(hive):
        return hive.upper()
    raise ValueError(f"columns of type {hive} are not supported")


def hive_type(duck: str) -> str:
    """The Hive type of a DuckDB scalar type. Raises `ValueError` for any other type."""
    if duck in HIVE_TYPES:
        return HIVE_TYPES[duck]
    if SIZED_TYPE.fullmatch(duck):
        return duck.lower()
    raise ValueError(f"columns of type {duck} are not supported")


def name_sql(name: str) -> str:
    """A name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def text_sql(text: str) -> str:
    """A string as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def files_sql(files: Iterable[Path]) -> str:
    """Files as an SQL list for DuckDB's readers."""
    return "[" + ", ".join(text_sql(file.as_posix()) for file in files) + "]"


def create_view(
    con: "duckdb.DuckDBPyConnection", view: str, table: Table, partitions: dict[tuple[str, ...], str], lake: Path
) -> int:
    """Create `view` over these partitions, or over the location of an unpartitioned table; return their size in bytes.

    Partition values come from the catalogue, never from paths. A column missing from a file is NULL.
    """
    locations = partitions if table.partition_keys else {(): table.location}
    parts = [(file, values) for values, location in locations.items() for file in data_files(lake, location)]
    files = list(dict.fromkeys(file for file, _ in parts))
    keys = [name_sql(name) for name, _ in table.partition_keys]
    parts_name = name_sql(f"{view} parts")
    con.execute(f"CREATE TEMP TABLE {parts_name} ({', '.join(f'{key} VARCHAR' for key in ['_file', *keys])})")
    if parts:
        columns = [[file.as_posix() for file, _ in parts], *zip(*(values for _, values in parts), strict=True)]
        con.execute(f"INSERT INTO {parts_name} SELECT {', '.join('unnest(?)' for _ in columns)}", columns)
    reader = _reader(table, files) if files else "(SELECT NULL::VARCHAR AS _file)"
    existing = {row[0].lower() for row in con.execute(f"DESCRIBE FROM {reader}").fetchall()}
    sources = [
        (name, hive, f"data.{name_sql(name)}" if name.lower() in existing else "NULL") for name, hive in table.columns
    ]
    sources += [(name, hive, f"parts.{name_sql(name)}") for name, hive in table.partition_keys]
    selected = [f"CAST({source} AS {duckdb_type(hive)}) AS {name_sql(name)}" for name, hive, source in sources]
    con.execute(
        f"CREATE TEMP VIEW {name_sql(view)} AS SELECT {', '.join(selected)} "  # noqa: S608 - names are quoted
        f"FROM {reader} AS data JOIN {parts_name} AS parts USING (_file)"
    )
    return sum(file.stat().st_size for file in files)


def _reader(table: Table, files: list[Path]) -> str:
    if table.serde == "parquet":
        return f"read_parquet({files_sql(files)}, union_by_name=true, hive_partitioning=false, filename='_file')"
    if table.serde == "json":
        columns = ", ".join(f"{text_sql(name)}: 'VARCHAR'" for name, _ in table.columns)
        return (
            f"read_json({files_sql(files)}, format='newline_delimited', columns={{{columns}}}, "
            "hive_partitioning=false, filename='_file')"
        )
    raise ValueError(f"table {table.database}.{table.name} is neither Parquet nor JSON")
