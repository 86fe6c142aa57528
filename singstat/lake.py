"""A lake, opened for reading."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, overload

from pipeline.publication.record import Publication
from pipeline.table import schema

from local.cli import names
from local.cli.revisions import only, position
from local.cloud.sql import as_of as past
from local.cloud.sql import athena
from local.cloud.sql.catalogue import PUBLISHED, Catalogue, load
from local.cloud.sql.order import BY_COLUMN, IN_TIME, SERIES
from local.cloud.sql.scan import text_sql
from singstat.frames import To, check, frame

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

Frame = TypeVar("Frame")
TABLES = """
SELECT table_id, title, CASE frequency WHEN 'cross_sectional' THEN 'cross_sectional' ELSE 'time_series' END AS kind,
  frequency, vintage AS published
FROM tables"""
LISTED = f"""
SELECT table_id, title, kind, frequency, published FROM catalogue WHERE retired_on IS NULL
UNION ALL {TABLES} WHERE table_id NOT IN (SELECT table_id FROM catalogue)"""  # noqa: S608


class Lake(Generic[Frame]):
    """The published tables of a data directory; each method answers with a frame of its own.

    Every call reads what is published at that moment.
    """

    def __init__(self, path: Path, to: To) -> None:
        self.path, self._to = path, to

    def __repr__(self) -> str:
        return f"open_lake({str(self.path)!r}, to={self._to!r})"

    def read(
        self, table: str, *, as_of: date | str | None = None, edition: str | None = None, exact: bool = False
    ) -> Frame:
        """A published table, one row for each observation, by series and period.

        Columns: `series`, `period`, `period_start` (its first day), `series_no`, `unit`, `footnote`, `vintage` (when
        SingStat updated it), `table_id`, `value_text` (what SingStat sent) and `value` (missing for a marker such as
        na). In a cross-sectional table `column_1` to `column_5` stand in place of the periods.

        With `as_of`, a day or its ISO text, they are the rows that readers saw at the end of that day in Singapore,
        with their `edition`; none if the table was first published later. With `edition`, or the vintage of one, they
        are the rows of that edition. `value` is a float; if `exact`, the decimal with all its digits: Python's in
        pandas, a decimal(38,18) in polars and Arrow.

        Raises `UnknownTable`, with the tables that were probably meant, or `UnknownEdition`, with those there are;
        `ValueError` if `as_of` is no day or both are given; `RuntimeError` if the table's record cannot be read.
        """
        record = names.published(self.path, table)
        if edition is not None:
            if as_of is not None:
                raise ValueError("give either as_of or edition, not both")
            chosen = record.editions[position([each.edition for each in record.editions], edition)]
            sql = f"{_select(f'{chosen.frequency}_vintages', table)} AND edition = {text_sql(chosen.edition)}"
            return self._observations(sql, chosen.frequency, exact)
        if as_of is None:
            return self._observations(_select(record.frequency, table), record.frequency, exact)
        day = as_of if isinstance(as_of, date) else date.fromisoformat(as_of)
        for frequency in _frequencies(record):  # of which one at most has the edition of that day
            rows = self._observations(past.as_of(_select(frequency, table), day), frequency, exact)
            if len(rows):  # type: ignore[arg-type]  # every kind of frame has a length
                break
        return rows

    def revisions(self, table: str, *, exact: bool = False) -> Frame:
        """What each edition of a table changed in the one before: a row for each cell, and for each changed label.

        Columns: `table_id`, `previous_edition`, `edition`, `series_no`, `series`, `cell` (the period or columns),
        `kind` (`revised`, `new`, `deleted`, `renumbered`, `label`, `unit`, `footnote`), `old_value` and `new_value`
        (as `value` in `read`), `old_text` and `new_text`. No rows if the table has one edition.

        Raises `UnknownTable`, with the tables that were probably meant; `RuntimeError` if the table's record cannot be
        read.
        """
        record = names.published(self.path, table)
        catalogue = only(load(self.path), {(table, edition.edition) for edition in record.editions})
        sql = "SELECT * FROM revisions"
        return self._rows(sql, f"length(edition), edition, {SERIES}, cell, kind", exact=exact, catalogue=catalogue)

    def search(self, *words: str) -> Frame:
        """The tables whose titles have all the words, in any case: of all that SingStat lists, published or not.

        Columns: `table_id`, `title`, `kind` (`time_series` or `cross_sectional`), `frequency`, and `published`, the
        vintage that readers see. Until `singstat catalogue` has made a catalogue, only published tables are found.
        """
        every = LISTED if "catalogue" in load(self.path).databases.get(PUBLISHED, {}) else TABLES
        wanted = [f"strpos(lower(title), {text_sql(word.lower())}) > 0" for word in " ".join(words).split()]
        sql = f"SELECT * FROM ({every}) WHERE {' AND '.join(wanted) or 'true'}"  # noqa: S608
        return self._rows(sql, "table_id")

    def tables(self) -> Frame:
        """The published tables, a row for each: its `table_id`, `title`, `frequency`, `theme`, `source_agency`,
        `footnote`, `vintage`, `edition`, number of `observations`, `checksum`, and how it was verified.
        """
        return self._rows("SELECT * FROM tables", "table_id")

    def _observations(self, sql: str, frequency: str, exact: bool) -> Frame:
        """The rows of observations; a narrow screen shows their first columns and their last."""
        cross = frequency == "cross_sectional"
        first, last = ["series", *(schema.LEVELS if cross else schema.PERIOD)], ["value_text", "value"]
        moved = ", ".join([*first, *last])
        columns = f"{', '.join(first)}, * EXCLUDE ({moved}), {', '.join(last)}"
        return self._rows(sql, BY_COLUMN if cross else IN_TIME, columns=columns, exact=exact)

    def _rows(
        self,
        sql: str,
        order: str,
        *,
        columns: str = "*",
        exact: bool = False,
        catalogue: Catalogue | None = None,
    ) -> Frame:
        """The rows of an Athena SELECT with DuckDB's `columns` and `order`."""
        with athena.session(catalogue or load(self.path), PUBLISHED, self.path, self.path) as (con, translate):
            select = f"SELECT {columns} FROM ({translate(sql)})"  # noqa: S608
            made: Frame = frame(con, select, order, self._to, exact=exact)
        return made


@overload
def open_lake(path: str | Path = ..., *, to: Literal["pandas"] = ...) -> "Lake[pd.DataFrame]": ...
@overload
def open_lake(path: str | Path = ..., *, to: Literal["polars"]) -> "Lake[pl.DataFrame]": ...
@overload
def open_lake(path: str | Path = ..., *, to: Literal["arrow"]) -> "Lake[pa.Table]": ...
def open_lake(path: str | Path = "lake", *, to: To = "pandas") -> Lake[Any]:
    """Open a data directory, `./lake` by default, as frames of pandas, `to="polars"` or `to="arrow"`.

    Raises `NothingPublished` if it has no tables, `ImportError` if a package for the frames is not installed.
    """
    check(to)
    names.check_published(Path(path))
    return Lake(Path(path), to)


def _select(source: str, table: str) -> str:
    return f"SELECT * FROM {source} WHERE table_id = '{table}'"  # noqa: S608 - both are of a publication's record


def _frequencies(record: Publication) -> Sequence[str]:
    """The frequencies that the table has or had, the current one first."""
    return list(dict.fromkeys([record.frequency, *(edition.frequency for edition in record.editions)]))
