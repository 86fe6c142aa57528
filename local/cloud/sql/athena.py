"""Athena queries over a lake, without AWS and without a server. The first one imports DuckDB and sqlglot, 0.2 s."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from local.cloud.sql.catalogue import Catalogue
from local.cloud.sql.errors import QueryError, QueryRefused

if TYPE_CHECKING:
    import duckdb

__all__ = ["QueryError", "QueryRefused", "Result", "run", "session"]


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
    from local.cloud.sql import engine  # noqa: PLC0415

    return engine.run(sql, database, parameters, lake)


@contextmanager
def session(
    catalogue: Catalogue, database: str, lake: Path, folder: Path
) -> Iterator[tuple["duckdb.DuckDBPyConnection", Callable[[str], str]]]:
    """A DuckDB connection that may write to `folder`, and a function that translates Athena's SELECT to DuckDB's.

    All queries see the same catalogue. Raises `QueryError` if one fails.
    """
    from local.cloud.sql import engine  # noqa: PLC0415

    with engine.session(catalogue, database, lake, folder) as opened:
        yield opened
