"""Athena queries on DuckDB over a lake, without AWS and without a server."""

import datetime
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
from sqlglot import exp

from local.cloud.sql.catalogue import Catalogue, Table, load
from local.cloud.sql.rewrite import MACROS, Reference, Relation, duckdb_sql
from local.cloud.sql.scan import create_view, duckdb_type, name_sql
from local.cloud.sql.statements import Listing, QueryError, QueryRefused, parse_statement

__all__ = ["QueryError", "QueryRefused", "Result", "run", "session"]

UNNAMED = re.compile(r"_col_\d+")
ATHENA_TYPES = {
    "HUGEINT": "bigint",
    "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
    '"NULL"': "unknown",
}


class Result(NamedTuple):
    """Names and Athena types of the columns, the rows in Athena's text form, and the bytes of the files read."""

    columns: list[tuple[str, str]]
    rows: list[tuple[str | None, ...]]
    bytes_scanned: int


def run(sql: str, database: str, parameters: Sequence[str], lake: Path) -> Result:
    """Run an Athena statement on `lake`.

    Each parameter is an SQL literal, so a string is quoted: `'abc'`. Raises `QueryError` if the query fails,
    `QueryRefused` if it is not read-only.
    """
    catalogue, database = load(lake), database.lower()
    statement = parse_statement(sql, parameters)
    if isinstance(statement, Listing):
        return _listed(statement, catalogue, database)
    with _connect(lake) as con:
        tables = _Tables(con, catalogue, lake.resolve())
        try:
            cursor = con.execute(duckdb_sql(statement, database, tables.bind))
            description, rows = cursor.description or [], cursor.fetchall()
        except duckdb.Error as error:
            raise QueryError(str(error).splitlines()[0]) from error
    columns = [
        (_column_name(name, index, statement), _athena_type(str(kind)))
        for index, (name, kind, *_) in enumerate(description)
    ]
    return Result(columns, [tuple(map(_text, row)) for row in rows], tables.bytes_scanned)


@contextmanager
def session(
    catalogue: Catalogue, database: str, lake: Path, folder: Path
) -> Iterator[tuple[duckdb.DuckDBPyConnection, Callable[[str], str]]]:
    """A DuckDB connection that may write to `folder`, and a function that translates Athena's SELECT to DuckDB's.

    All queries see the same catalogue. Raises `QueryError` if one fails.
    """
    with _connect(lake, folder) as con:
        tables = _Tables(con, catalogue, lake.resolve())
        try:
            yield con, lambda sql: tables.select(sql, database)
        except duckdb.Error as error:
            raise QueryError(str(error).splitlines()[0]) from error


class _Tables:
    """The catalogue tables that a query reads, as DuckDB views."""

    def __init__(self, con: duckdb.DuckDBPyConnection, catalogue: Catalogue, lake: Path) -> None:
        self.con, self.catalogue, self.lake = con, catalogue, lake
        self.bytes_scanned = 0
        self.serial = count()
        self.expanding: list[str] = []

    def select(self, sql: str, database: str) -> str:
        """DuckDB's SELECT for Athena's."""
        statement = parse_statement(sql, ())
        if isinstance(statement, Listing):
            raise QueryRefused(f"{sql} is not a SELECT")
        return duckdb_sql(statement, database, self.bind)

    def bind(self, reference: Reference) -> Relation:
        table = _table(self.catalogue, reference.database, reference.table)
        view = f"{table.name} {next(self.serial)}"
        if table.view is None:
            self._scan(table, reference.wanted, view)
            return Relation(view, {name: duckdb_type(hive) for name, hive in table.all_columns})
        self._expand(table, table.view, view)
        columns = self.con.execute(f"DESCRIBE {name_sql(view)}").fetchall()
        return Relation(view, {name: kind for name, kind, *_ in columns})

    def _scan(self, table: Table, wanted: dict[str, set[str]], view: str) -> None:
        keys = [key if hive == "string" else None for key, hive in table.partition_keys]
        partitions = {
            values: location
            for values, location in table.partitions.items()
            if all(key not in wanted or value in wanted[key] for key, value in zip(keys, values, strict=True) if key)
        }
        try:
            self.bytes_scanned += create_view(self.con, view, table, partitions, self.lake)
        except ValueError as error:
            raise QueryError(f"table {table.database}.{table.name}: {error}") from error

    def _expand(self, table: Table, sql: str, view: str) -> None:
        if table.name in self.expanding:
            raise QueryError(f"view {table.database}.{table.name} is recursive")
        self.expanding.append(table.name)
        self.con.execute(f"CREATE TEMP VIEW {name_sql(view)} AS {self.select(sql, table.database)}")
        self.expanding.pop()


def _connect(lake: Path, *others: Path) -> duckdb.DuckDBPyConnection:
    """A database that can access the files of the lake and of other folders, and no others."""
    con, folders = duckdb.connect(), [folder.resolve().as_posix() for folder in (lake, *others)]
    con.execute("SET TimeZone='UTC'; SET autoinstall_known_extensions=false")
    # In Jupyter without ipywidgets even disabling the progress bar raises.
    with suppress(duckdb.InvalidInputException):
        con.execute("SET enable_progress_bar=false")
    con.execute("SET parquet_metadata_cache=true")  # a query reads the metadata of a file more than once
    con.execute("SET allowed_directories=$folders", {"folders": folders})
    con.execute("SET enable_external_access=false")
    con.execute(MACROS)
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


def _column_name(name: str, index: int, statement: exp.Expr) -> str:
    unnamed = isinstance(statement, exp.Values) or UNNAMED.fullmatch(name)
    return f"_col{index}" if unnamed else name


def _athena_type(duck: str) -> str:
    if duck in ATHENA_TYPES:
        return ATHENA_TYPES[duck]
    if duck.endswith("[]"):
        return "array"
    return duck.lower() if duck.startswith("DECIMAL") else duck.partition("(")[0].lower().replace("struct", "row")


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return _TEXTS.get(type(value), str)(value)


def _float_text(value: float) -> str:
    """As Java formats it: in scientific notation, such as `1.0E7`, from ten million and below one thousandth."""
    if value == 0 or 1e-3 <= abs(value) < 1e7 or value != value or abs(value) == float("inf"):  # noqa: PLR0124, PLR2004
        return {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}.get(str(value), str(value))
    digits, exponent = f"{Decimal(repr(value)).normalize():E}".split("E")
    return f"{digits if '.' in digits else digits + '.0'}E{int(exponent)}"


def _time_text(value: datetime.datetime) -> str:
    return value.strftime("%Y-%m-%d %H:%M:%S.") + f"{value.microsecond // 1000:03}" + (" UTC" if value.tzinfo else "")


def _items_text(values: Sequence[Any]) -> str:
    return "[" + ", ".join(_text(value) or "null" for value in values) + "]"


def _pairs_text(pairs: Mapping[Any, Any]) -> str:
    return "{" + ", ".join(f"{_text(key)}={_text(value) or 'null'}" for key, value in pairs.items()) + "}"


_TEXTS: dict[type, Callable[[Any], str]] = {
    bool: lambda value: str(value).lower(),
    Decimal: "{:f}".format,
    float: _float_text,
    datetime.datetime: _time_text,
    list: _items_text,
    dict: _pairs_text,
}
