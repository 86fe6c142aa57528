"""The published tables as files: Parquet, CSV or Excel workbooks in a folder."""

import csv
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
from pipeline.publication.record import Publication
from pipeline.report.rows import safe
from pipeline.report.wording import LICENCE, LICENCE_URL, citation
from pipeline.report.workbook import Book
from pipeline.table import schema
from pipeline.wording import quantity

from local.cli.folder import replacing
from local.cloud.sql import athena
from local.cloud.sql.catalogue import PUBLISHED, Catalogue, load
from local.cloud.sql.order import BY_COLUMN, IN_TIME, SERIES
from local.cloud.sql.scan import hive_type, name_sql, text_sql

BATCH = 10_000  # rows
LICENSED = f"{LICENCE}, {LICENCE_URL}"
Kind = Literal["parquet", "csv", "xlsx"]


class Exported(NamedTuple):
    """The numbers of exported tables and observations; `absent` are the requested tables that are not published."""

    tables: int
    observations: int
    absent: list[str]


class Part(NamedTuple):
    """A DuckDB SELECT, its ORDER BY, and the key-value metadata of a Parquet file of its rows."""

    select: str
    order: str
    metadata: dict[str, str]


def part(table: Publication, select: str) -> Part:
    """Rows of a table, by series and time or columns."""
    metadata = {"title": table.title, "edition": table.edition, "citation": citation(table), "licence": LICENSED}
    return Part(select, BY_COLUMN if table.frequency == "cross_sectional" else IN_TIME, metadata)


def write(con: Any, rows: Part, table: Publication, path: Path, kind: Kind) -> None:
    """Write rows of a table as one file. Raises `RuntimeError` if they are too many for Excel."""
    if kind != "xlsx":
        WRITERS[kind](con, rows, path)
        return
    book = Book(datetime.fromisoformat(table.fetched_at))
    _sheet(con, rows, book, table.table_id)
    path.write_bytes(book.finish())


def export(lake: Path, folder: Path, kind: Kind, wanted: Sequence[str] | None = None) -> Exported:
    """Write the published tables, or only the `wanted` ones, to `folder`.

    Raises `LookupError` if none of them is published, `RuntimeError` if a table is published meanwhile or has too many
    rows for Excel, `OSError` if `folder` cannot be written.
    """
    catalogue = load(lake)
    with replacing(folder) as stage, athena.session(catalogue, PUBLISHED, lake, stage) as (con, translate):
        source = _Source(catalogue, con, translate)
        tables = [table for table in source.published if wanted is None or table.table_id in wanted]
        if not tables:
            raise LookupError(f"none of these tables is published in {lake} yet: start with `singstat run`")
        if kind == "xlsx":
            _write_books(source, tables, stage)
        else:
            _write_files(source, tables, stage, kind)
        about = ABOUT.format(
            tables=quantity(len(tables), "table"),
            layout=LAYOUTS[kind].format(kind=kind),
            exactness=EXACTNESS[kind],
            licence=LICENSED,
            citations="\n".join(citation(table) for table in tables),
        )
        (stage / "README.txt").write_text(about, encoding="utf-8")
    found = {table.table_id for table in tables}
    return Exported(
        len(tables), sum(table.observations for table in tables), [name for name in wanted or [] if name not in found]
    )


class _Source:
    """A consistent snapshot of the published tables."""

    def __init__(self, catalogue: Catalogue, con: Any, translate: Callable[[str], str]) -> None:
        self.con, self._catalogue, self._translate = con, catalogue, translate
        for name in ("tables", "revisions"):
            con.execute(f"CREATE TEMP TABLE {name} AS {translate(f'SELECT * FROM {name}')}")  # noqa: S608
        columns, batches = _texts(con, Part("FROM tables", "frequency, table_id", {}))
        rows = [dict(zip(columns, row, strict=True)) | {"total": None} for batch in batches for row in batch]
        self.published = msgspec.convert(rows, list[Publication], strict=False)
        con.execute("CREATE TEMP TABLE citations (table_id VARCHAR, citation VARCHAR, licence VARCHAR)")
        for table in self.published:
            con.execute("INSERT INTO citations VALUES (?, ?, ?)", [table.table_id, citation(table), LICENSED])

    def tables(self, tables: Sequence[Publication]) -> Part:
        """One row per table."""
        select = f"SELECT * FROM tables JOIN citations USING (table_id) WHERE {_among(tables)}"  # noqa: S608
        return Part(select, "table_id", {"licence": LICENSED})

    def revisions(self, tables: Sequence[Publication]) -> Part:
        """One row per cell or series that differs between two consecutive editions."""
        order = f"table_id, length(edition), edition, {SERIES}, cell, kind"
        return Part(f"SELECT * FROM revisions WHERE {_among(tables)}", order, {"licence": LICENSED})  # noqa: S608

    def rows(self, table: Publication) -> Part:
        """The observations of a table. Raises `RuntimeError` if the catalogue points at another edition."""
        location = self._catalogue.databases[PUBLISHED][table.frequency].partitions.get((table.table_id,))
        if location != table.location:
            raise RuntimeError(f"{table.table_id} is being published right now: try again")
        return part(table, self._translate(f"SELECT * FROM {table.frequency} WHERE table_id = '{table.table_id}'"))  # noqa: S608


def _write_files(source: _Source, tables: Sequence[Publication], stage: Path, kind: Kind) -> None:
    save = WRITERS[kind]
    save(source.con, source.tables(tables), stage / f"tables.{kind}")
    save(source.con, source.revisions(tables), stage / f"revisions.{kind}")
    for table in tables:
        (stage / table.frequency).mkdir(exist_ok=True)
        rows = save(source.con, source.rows(table), stage / table.frequency / f"{table.table_id}.{kind}")
        _check(table, rows)


def _write_books(source: _Source, tables: Sequence[Publication], stage: Path) -> None:
    for frequency, group in groupby(tables, lambda table: table.frequency):
        members = list(group)
        book = Book(datetime.fromisoformat(max(table.fetched_at for table in members)))
        _sheet(source.con, source.tables(members), book, "tables")
        for table in members:
            _check(table, _sheet(source.con, source.rows(table), book, table.table_id))
        _sheet(source.con, source.revisions(members), book, "revisions")
        (stage / f"{frequency}.xlsx").write_bytes(book.finish())


def _parquet(con: Any, part: Part, path: Path) -> int:
    metadata = ", ".join(f"{name}: {text_sql(text)}" for name, text in part.metadata.items())
    (rows,) = con.execute(
        f"COPY (FROM ({part.select}) ORDER BY {part.order}) TO {text_sql(path.as_posix())}"
        f" (FORMAT parquet, KV_METADATA {{{metadata}}})"
    ).fetchone()
    return int(rows)


def _csv(con: Any, part: Part, path: Path) -> int:
    columns, batches = _texts(con, part)
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for rows in batches:
            writer.writerows([text and safe(text) for text in row] for row in rows)
            count += len(rows)
    return count


WRITERS: dict[str, Callable[[Any, Part, Path], int]] = {"parquet": _parquet, "csv": _csv}


def _sheet(con: Any, part: Part, book: Book, name: str) -> int:
    columns, batches = _texts(con, part)
    sheet, count = book.sheet(name, columns), 0
    for rows in batches:
        sheet.add(rows)
        count += len(rows)
    return count


def _texts(con: Any, part: Part) -> tuple[dict[str, str], Iterator[list[tuple[str | None, ...]]]]:
    """Columns with their declared types, and the rows as text: decimals without trailing zeros."""
    described = con.execute(f"DESCRIBE FROM ({part.select})").fetchall()
    columns = {name: hive_type(kind) for name, kind, *_ in described}
    texts = ", ".join(_text_sql(name_sql(name), kind) for name, kind in columns.items())
    cursor = con.execute(f"SELECT {texts} FROM ({part.select}) ORDER BY {part.order}")  # noqa: S608
    return columns, iter(lambda: cursor.fetchmany(BATCH), [])


def _text_sql(name: str, kind: str) -> str:
    text = f"CAST({name} AS VARCHAR)"
    if kind == schema.EXACT:
        text = f"rtrim(rtrim({text}, '0'), '.')"
    return f"{text} AS {name}"


def _among(tables: Sequence[Publication]) -> str:
    return f"table_id IN ({', '.join(text_sql(table.table_id) for table in tables)})"


def _check(table: Publication, rows: int) -> None:
    if rows != table.observations:
        raise RuntimeError(
            f"{table.table_id} has {rows:,} rows in the lake, but {table.observations:,} published observations"
        )


ABOUT = """\
Official statistics of Singapore: {tables} of the SingStat Table Builder, as published.

{layout}
export.json       the files of this export with their SHA-256 hashes

Each row of a table is an observation. value_text is the text from SingStat; value is its exact decimal, empty for a
marker such as - or na. vintage is the date of SingStat's last update; a correction on the same date is a new edition.
{exactness}

Licence: {licence}

How to cite:
{citations}
"""
FILES = """\
tables.{kind:<10} one row per table: title, agency, vintage, edition, time of download, checksum, citation
revisions.{kind:<7} one row per cell or series that an edition changed: old, new, kind
<frequency>/      the tables, one file each, named by table ID"""
BOOKS = """\
<frequency>.xlsx  sheet tables, one row per table: title, agency, vintage, edition, time of download, checksum,
                  citation; one sheet per table, named by its ID; sheet revisions, one row per cell or series
                  that an edition changed"""
LAYOUTS = {"parquet": FILES, "csv": FILES, "xlsx": BOOKS}
EXACTNESS = {
    "parquet": """\
value is a decimal(38,18); dates are dates. DuckDB's df() and the engine fastparquet round value to 15 digits.""",
    "csv": """\
The encoding is UTF-8. Text that a spreadsheet would take for a formula is prefixed with '. Programs that guess types
round value to 15 digits: read it as text, in pandas with dtype={"value": str}.""",
    "xlsx": "A number with more digits than the 15 that Excel keeps is text, and so is a date before March 1900.",
}
