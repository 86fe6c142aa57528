"""How `athena` runs its queries: on DuckDB."""

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp

from local.cloud.sql.athena import Result
from local.cloud.sql.catalogue import Catalogue, Table, load
from local.cloud.sql.errors import QueryError, QueryRefused
from local.cloud.sql.interruption import interruptible
from local.cloud.sql.library import connect, install, worded
from local.cloud.sql.python_functions import java_double
from local.cloud.sql.queries import Reference, Relation, Test, Translator
from local.cloud.sql.scan import create_view, name_sql
from local.cloud.sql.scope import Output
from local.cloud.sql.statements import Listing, parse_statement
from local.cloud.sql.types import Type, parse_type


def run(sql: str, database: str, parameters: Sequence[str], lake: Path) -> Result:
    """As `athena.run`."""
    catalogue, database = load(lake), database.lower()
    statement = parse_statement(sql, parameters)
    if isinstance(statement, Listing):
        return _listed(statement, catalogue, database)
    with _connect(lake) as con, interruptible(con):
        tables = _Tables(con, catalogue, lake.resolve())
        try:
            query = tables.translate(statement, database)
            rows = con.execute(query.sql).fetchall()
        except duckdb.Error as error:
            raise QueryError(worded(error)) from error
    columns = [(name, _athena_type(kind)) for name, kind in query.columns]
    return Result(columns, [tuple(map(cell_text, row)) for row in rows], tables.bytes_scanned)


@contextmanager
def session(
    catalogue: Catalogue, database: str, lake: Path, folder: Path
) -> Iterator[tuple[duckdb.DuckDBPyConnection, Callable[[str], str]]]:
    """As `athena.session`."""
    with _connect(lake, folder) as con, interruptible(con):
        tables = _Tables(con, catalogue, lake.resolve())
        try:
            yield con, lambda sql: tables.select(sql, database).sql
        except duckdb.Error as error:
            raise QueryError(worded(error)) from error


class _Tables:
    """The catalogue tables that a query reads, as DuckDB views."""

    def __init__(self, con: duckdb.DuckDBPyConnection, catalogue: Catalogue, lake: Path) -> None:
        self.con, self.catalogue, self.lake = con, catalogue, lake
        self.bytes_scanned = 0
        self.serial = count()
        self.expanding: list[str] = []
        self.installed: set[str] = set()

    def select(self, sql: str, database: str) -> Output:
        """DuckDB's SELECT for Athena's."""
        statement = parse_statement(sql, ())
        if isinstance(statement, Listing):
            raise QueryRefused(f"{sql} is not a SELECT")
        return self.translate(statement, database)

    def translate(self, statement: exp.Expr, database: str) -> Output:
        """DuckDB's query for Athena's, with the functions that it needs."""
        query = Translator(database, self.bind).query(statement)
        install(self.con, query.sql, self.installed)
        return query

    def bind(self, reference: Reference) -> Relation:
        table = _table(self.catalogue, reference.database, reference.table)
        view = f"{table.name} {next(self.serial)}"
        if table.view is None:
            self._scan(table, reference.wanted, view)
            return Relation(view, [(name.lower(), parse_type(hive)) for name, hive in table.all_columns])
        return Relation(view, self._expand(table, table.view, view))

    def _scan(self, table: Table, wanted: dict[str, list[Test]], view: str) -> None:
        keys = [key if hive == "string" else None for key, hive in table.partition_keys]
        partitions = {
            values: location
            for values, location in table.partitions.items()
            if all(test(value) for key, value in zip(keys, values, strict=True) if key for test in wanted.get(key, []))
        }
        try:
            self.bytes_scanned += create_view(self.con, view, table, partitions, self.lake)
        except ValueError as error:
            raise QueryError(f"table {table.database}.{table.name}: {error}") from error

    def _expand(self, table: Table, sql: str, view: str) -> list[tuple[str, Type]]:
        if table.name in self.expanding:
            raise QueryError(f"view {table.database}.{table.name} is recursive")
        self.expanding.append(table.name)
        query = self.select(sql, table.database)
        self.con.execute(f"CREATE TEMP VIEW {name_sql(view)} AS {query.sql}")
        self.expanding.pop()
        return query.columns


def _connect(lake: Path, *others: Path) -> duckdb.DuckDBPyConnection:
    """A database that can access the files of the lake and of other folders, and no others."""
    con, folders = connect(), [folder.resolve().as_posix() for folder in (lake, *others)]
    con.execute("SET TimeZone='UTC'; SET autoinstall_known_extensions=false")
    con.execute("SET parquet_metadata_cache=true")  # a query reads the metadata of a file more than once
    con.execute("SET allowed_directories=$folders", {"folders": folders})
    con.execute("SET enable_external_access=false")
    return con


def _table(catalogue: Catalogue, database: str, name: str) -> Table:
    if database not in catalogue.databases:
        raise QueryError(f"SCHEMA_NOT_FOUND: database {database} does not exist{_existing(catalogue.databases)}")
    tables = catalogue.databases[database]
    if name not in tables:
        raise QueryError(f"TABLE_NOT_FOUND: table {database}.{name} does not exist{_existing(tables)}")
    return tables[name]


def _existing(names: Mapping[str, object]) -> str:
    return f"; existing: {', '.join(sorted(names)) or 'none'}"


def _listed(listing: Listing, catalogue: Catalogue, database: str) -> Result:
    database = (listing.database or database).lower()
    if listing.table is None:
        return Result([("tab_name", "string")], [(name,) for name in sorted(catalogue.databases.get(database, {}))], 0)
    table = _table(catalogue, database, listing.table.lower())
    if listing.kind == "SHOW PARTITIONS":
        keys = [key for key, _ in table.partition_keys]
        rows = [
            "/".join(f"{key}={value}" for key, value in zip(keys, values, strict=True)) for values in table.partitions
        ]
        return Result([("partition", "string")], [(row,) for row in sorted(rows)], 0)
    columns = [("col_name", "string"), ("data_type", "string"), ("comment", "string")]
    return Result(columns, [(name, hive, "") for name, hive in table.all_columns], 0)


def _athena_type(kind: Type) -> str:
    """As Athena's API names the type of a column. Raises `QueryError` if the laptop cannot show its values."""
    if kind.name.startswith("interval"):
        raise QueryError(f"not on the laptop: a column of type {kind}; date_diff gives a number")
    return str(kind) if kind.name == "decimal" else kind.name


def cell_text(value: Any) -> str | None:
    """A value as Athena shows it in a result; None for NULL."""
    if value is None or isinstance(value, str):
        return value
    return _TEXTS.get(type(value), str)(value)


def _float_text(value: float) -> str:
    return {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}.get(str(value)) or java_double(value)


def _time_text(value: datetime.datetime) -> str:
    return value.strftime("%Y-%m-%d %H:%M:%S.") + f"{value.microsecond // 1000:03}" + (" UTC" if value.tzinfo else "")


def _part(value: Any) -> str:
    text = cell_text(value)
    return "null" if text is None else text


def _items_text(values: Sequence[Any]) -> str:
    return "[" + ", ".join(_part(value) for value in values) + "]"


def _row_text(values: tuple[Any, ...]) -> str:
    return _pairs_text({f"field{index}": value for index, value in enumerate(values)})


def _pairs_text(pairs: Mapping[Any, Any]) -> str:
    return "{" + ", ".join(f"{cell_text(key)}={_part(value)}" for key, value in pairs.items()) + "}"


_TEXTS: dict[type, Callable[[Any], str]] = {
    bool: lambda value: str(value).lower(),
    Decimal: "{:f}".format,
    float: _float_text,
    datetime.datetime: _time_text,
    list: _items_text,
    tuple: _row_text,
    dict: _pairs_text,
    bytes: lambda value: value.hex(" "),
}
