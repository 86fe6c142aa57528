"""The observations of a table as a file, as `singstat export` writes it."""

from pathlib import Path

from local.cli import export
from local.cli.browse.asked import AddressInvalid, Asked, periods
from local.cli.browse.table import Opened, reading
from local.cli.export_readme import Kind
from local.cli.names import UnknownSeries


def write(lake: Path, table: Opened, asked: Asked, path: Path, kind: Kind) -> None:
    """Write the table to `path`, or only the series, by its number, and the periods that are asked for.

    Raises `UnknownSeries`, and `AddressInvalid` as `periods` or for more rows than Excel has.
    """
    wanted = periods(asked, table.record.frequency)
    limits = {"series_no = ?": asked.series, "period_start >= ?": wanted.first, "period_start <= ?": wanted.last}
    given = {condition: value for condition, value in limits.items() if value}
    with reading(lake, table, [table.record.edition], folder=path.parent) as (con, rows):
        con.execute(
            f"CREATE TEMP TABLE chosen AS SELECT * EXCLUDE (edition) FROM {rows}"  # noqa: S608
            f" WHERE {' AND '.join(given) or 'true'}",
            list(given.values()),
        )
        if asked.series and not con.execute("FROM chosen LIMIT 1").fetchone():
            raise UnknownSeries(f"{table.record.table_id} has no series {asked.series} in these periods")
        try:
            export.write(con, export.part(table.record, "FROM chosen"), table.record, path, kind)
        except RuntimeError as error:
            raise AddressInvalid(f"{error}: download it as CSV or Parquet") from error
