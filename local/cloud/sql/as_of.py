"""Athena SQL about the past: the observation tables replaced by the editions that were current on a day."""

from datetime import date

import sqlglot
from sqlglot import exp

from local.cloud.sql.catalogue import PUBLISHED
from local.cloud.sql.dialect import AthenaSQL
from local.cloud.sql.errors import QueryError
from local.cloud.sql.statements import athena_sql

FREQUENCIES = ("monthly", "quarterly", "half_yearly", "yearly", "cross_sectional")
END = "'{day}T16:00:00+00:00'"  # of the day in Singapore, UTC+8
PUBLISHED_BY = f"published_at < {END} AND (withdrawn_at = '' OR withdrawn_at >= {END})"
DATED_BY = "vintage <= DATE '{day}'"
LAST_EDITIONS = """
SELECT v.* FROM {frequency}_vintages v JOIN (
  SELECT table_id, edition, row_number() OVER (
    PARTITION BY table_id ORDER BY {order}vintage DESC, length(edition) DESC, edition DESC) AS recency
  FROM editions WHERE {condition}
) e ON e.table_id = v.table_id AND e.edition = v.edition AND e.recency = 1
"""


def as_of(sql: str, day: date) -> str:
    """`sql` on what readers saw at the end of `day` in Singapore: of each table, the last edition published by then.

    Only the five observation tables are replaced; their rows have one more column, `edition`. Raises `QueryError` if
    `sql` is not a SELECT.
    """
    return _restricted(sql, PUBLISHED_BY.format(day=day.isoformat()), "published_at DESC, ")


def vintage_as_of(sql: str, day: date) -> str:
    """`sql` on what SingStat had dated `day` or earlier, whenever it was published here; otherwise as `as_of`."""
    return _restricted(sql, DATED_BY.format(day=day.isoformat()), "")


def _restricted(sql: str, condition: str, order: str) -> str:
    try:
        statement = sqlglot.parse_one(sql, read=AthenaSQL)
    except sqlglot.ParseError as error:
        raise QueryError(str(error).splitlines()[0]) from error
    if not isinstance(statement, exp.Query):
        raise QueryError("only a SELECT can be run as of a day")
    used: set[str] = set()
    for table in statement.find_all(exp.Table):
        if table.name.lower() in FREQUENCIES and table.db.lower() in ("", PUBLISHED):
            table.set("db", None)
            table.set("catalog", None)
            used.add(table.name.lower())
    past = [_common_table(frequency, condition, order) for frequency in FREQUENCIES if frequency in used]
    if past:
        own = statement.args.get("with_") or exp.With()
        own.set("expressions", [*past, *own.expressions])
        statement.set("with_", own)
    return athena_sql(statement)


def _common_table(frequency: str, condition: str, order: str) -> exp.CTE:
    query = LAST_EDITIONS.format(frequency=frequency, condition=condition, order=order)
    return exp.CTE(
        this=sqlglot.parse_one(query, read=AthenaSQL), alias=exp.TableAlias(this=exp.to_identifier(frequency))
    )
