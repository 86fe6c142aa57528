"""A question about the past: what readers saw on a day, asked in plain Athena SQL."""

from datetime import date

import sqlglot
from sqlglot import exp

from local.cloud.sql.athena import QueryError

FREQUENCIES = ("monthly", "quarterly", "half_yearly", "yearly", "cross_sectional")
NEWEST_UNTIL = """
SELECT v.* FROM {frequency}_vintages v JOIN (
  SELECT table_id, edition,
         row_number() OVER (PARTITION BY table_id ORDER BY vintage DESC, length(edition) DESC, edition DESC) AS newest
  FROM (SELECT DISTINCT table_id, edition, vintage FROM {frequency}_vintages WHERE vintage <= DATE '{day}') each_once
) e ON e.table_id = v.table_id AND e.edition = v.edition AND e.newest = 1
"""


def as_of(sql: str, day: date) -> str:
    """`sql` with each published table replaced by its newest editions of `day` or before: one row for each cell.

    Raises `QueryError` for what is no SELECT. The rows have one column more, `edition`.
    """
    try:
        statement = sqlglot.parse_one(sql, read="athena")
    except sqlglot.ParseError as error:
        raise QueryError(str(error).splitlines()[0]) from error
    if not isinstance(statement, exp.Query):
        raise QueryError("only a SELECT can be asked as of a day")
    asked = {table.name for table in statement.find_all(exp.Table) if not table.db}
    past = [_past(frequency, day) for frequency in FREQUENCIES if frequency in asked]
    own = statement.args.get("with_")
    statement.set("with_", exp.With(expressions=[*past, *(own.expressions if own else [])]) if past else own)
    return statement.sql(dialect="athena")


def _past(frequency: str, day: date) -> exp.CTE:
    newest = sqlglot.parse_one(NEWEST_UNTIL.format(frequency=frequency, day=day.isoformat()), read="athena")
    return exp.CTE(this=newest, alias=exp.TableAlias(this=exp.to_identifier(frequency)))
