"""The published tables as files in a folder: Parquet, CSV, Excel workbooks or SDMX, with their description."""

import csv
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from pipeline.metadata import sdmx
from pipeline.metadata.croissant import croissant
from pipeline.metadata.files import DataFile
from pipeline.metadata.frictionless import package
from pipeline.publication.record import Publication
from pipeline.report.rows import safe
from pipeline.report.wording import citation
from pipeline.report.workbook import Book
from pipeline.table import schema

from local.cli.export_readme import LICENSED, Kind, readme
from local.cli.folder import replacing, sha256
from local.cloud.sql import athena
from local.cloud.sql.catalogue import PUBLISHED, Catalogue, load
from local.cloud.sql.order import BY_COLUMN, IN_TIME, SERIES
from local.cloud.sql.scan import hive_type, name_sql, text_sql

BATCH = 10_000  # rows


class Exported(NamedTuple):
    """The numbers of exported tables and observations; `absent` are the requested tables that are not published."""

    tables: int
    observations: int
    absent: list[str]


class Part(NamedTuple):
    """A DuckDB SELECT, its ORDER BY, what its rows are, and the key-value metadata of a Parquet file of them."""

    select: str
    order: str
    name: str
    title: str
    metadata: dict[str, str]
    table: Publication | None = None


def part(table: Publication, select: str) -> Part:
    """Rows of a table, by series and time or columns."""
    metadata = {"title": table.title, "edition": table.edition, "citation": citation(table), "licence": LICENSED}
    order = BY_COLUMN if table.frequency == "cross_sectional" else IN_TIME
    return Part(select, order, table.table_id, table.title, metadata, table)


def write(con: Any, rows: Part, table: Publication, path: Path, kind: Kind) -> None:
    """Write rows of a table as one file. Raises `RuntimeError` if they are too many for Excel."""
    if kind != "xlsx":
        WRITERS[kind](con, rows, path)
        return
    book = Book(datetime.fromisoformat(table.fetched_at))
    _sheet(con, rows, book)
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
        if kind == "sdmx":
            _write_sdmx(source, tables, stage)
        else:
            files = _write_books(source, tables, stage) if kind == "xlsx" else _write_files(source, tables, stage, kind)
            described = _measured([*files], stage)
            (stage / "datapackage.json").write_bytes(package(described))
            (stage / "croissant.json").write_bytes(croissant(described))
        (stage / "README.txt").write_text(readme(kind, tables), encoding="utf-8")
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
        columns, batches = _texts(con, "FROM tables", "frequency, table_id")
        rows = [dict(zip(columns, row, strict=True)) | {"total": None} for batch in batches for row in batch]
        self.published = msgspec.convert(rows, list[Publication], strict=False)
        con.execute("CREATE TEMP TABLE citations (table_id VARCHAR, citation VARCHAR, licence VARCHAR)")
        for table in self.published:
            con.execute("INSERT INTO citations VALUES (?, ?, ?)", [table.table_id, citation(table), LICENSED])

    def tables(self, tables: Sequence[Publication]) -> Part:
        """One row per table."""
        select = f"SELECT * FROM tables JOIN citations USING (table_id) WHERE {_among(tables)}"  # noqa: S608
        return Part(select, "table_id", "tables", "The exported tables", {"licence": LICENSED})

    def revisions(self, tables: Sequence[Publication]) -> Part:
        """One row per cell or series that differs between two consecutive editions."""
        order = f"table_id, length(edition), edition, {SERIES}, cell, kind"
        select = f"SELECT * FROM revisions WHERE {_among(tables)}"  # noqa: S608
        return Part(select, order, "revisions", "What each edition changed in the one before", {"licence": LICENSED})

    def rows(self, table: Publication) -> Part:
        """The observations of a table. Raises `RuntimeError` if the catalogue points at another edition."""
        location = self._catalogue.databases[PUBLISHED][table.frequency].partitions.get((table.table_id,))
        if location != table.location:
            raise RuntimeError(f"{table.table_id} is being published right now: try again")
        return part(table, self._translate(f"SELECT * FROM {table.frequency} WHERE table_id = '{table.table_id}'"))  # noqa: S608


def _write_files(source: _Source, tables: Sequence[Publication], stage: Path, kind: Kind) -> Iterator[DataFile]:
    for rows in (source.tables(tables), source.revisions(tables), *map(source.rows, tables)):
        path = f"{rows.table.frequency}/{rows.name}.{kind}" if rows.table else f"{rows.name}.{kind}"
        (stage / path).parent.mkdir(exist_ok=True)
        _check(rows, WRITERS[kind](source.con, rows, stage / path))
        yield _described(source.con, rows, path, kind)


def _write_books(source: _Source, tables: Sequence[Publication], stage: Path) -> Iterator[DataFile]:
    for frequency, group in groupby(tables, lambda table: table.frequency):
        members = list(group)
        book = Book(datetime.fromisoformat(max(table.fetched_at for table in members)))
        parts = [source.tables(members), *map(source.rows, members), source.revisions(members)]
        for part in parts:
            _check(part, _sheet(source.con, part, book))
        (stage / f"{frequency}.xlsx").write_bytes(book.finish())
        yield from (_described(source.con, part, f"{frequency}.xlsx", "xlsx", part.name) for part in parts)


def _write_sdmx(source: _Source, tables: Sequence[Publication], stage: Path) -> None:
    for table in tables:
        (stage / table.frequency).mkdir(exist_ok=True)
        part = source.rows(table)
        _check(part, _sdmx(source.con, part, table, stage / table.frequency / f"{table.table_id}.csv"))


def _described(con: Any, part: Part, path: str, kind: Kind, sheet: str | None = None) -> DataFile:
    return DataFile(path, kind, part.name, part.title, _columns(con, part.select), part.table, sheet=sheet)


def _measured(files: Sequence[DataFile], stage: Path) -> list[DataFile]:
    hashes = {path: sha256(stage / path) for path in {file.path for file in files}}
    return [file._replace(size=(stage / file.path).stat().st_size, sha256=hashes[file.path]) for file in files]


def _parquet(con: Any, part: Part, path: Path) -> int:
    metadata = ", ".join(f"{name}: {text_sql(text)}" for name, text in part.metadata.items())
    (rows,) = con.execute(
        f"COPY (FROM ({part.select}) ORDER BY {part.order}) TO {text_sql(path.as_posix())}"
        f" (FORMAT parquet, KV_METADATA {{{metadata}}})"
    ).fetchone()
    return int(rows)


def _sdmx(con: Any, part: Part, table: Publication, path: Path) -> int:
    """SDMX-CSV at `path`, and its structure beside it."""
    dataset, count = sdmx.Dataset(table, _levels(con, part, table)), 0
    columns, batches = _texts(con, part.select, part.order)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(dataset.header)
        for rows in batches:
            writer.writerows(dataset.row(dict(zip(columns, row, strict=True))) for row in rows)
            count += len(rows)
    path.with_suffix(".xml").write_text(dataset.structure(), encoding="utf-8")
    return count


def _csv(con: Any, part: Part, path: Path) -> int:
    columns, batches = _texts(con, part.select, part.order)
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for rows in batches:
            writer.writerows([text and safe(text) for text in row] for row in rows)
            count += len(rows)
    return count


WRITERS: dict[str, Callable[[Any, Part, Path], int]] = {"parquet": _parquet, "csv": _csv}


def _sheet(con: Any, part: Part, book: Book) -> int:
    columns, batches = _texts(con, part.select, part.order)
    sheet, count = book.sheet(part.name, columns), 0
    for rows in batches:
        sheet.add(rows)
        count += len(rows)
    return count


def _columns(con: Any, select: str) -> dict[str, str]:
    """The columns with their declared types."""
    return {name: hive_type(kind) for name, kind, *_ in con.execute(f"DESCRIBE FROM ({select})").fetchall()}


def _texts(con: Any, select: str, order: str) -> tuple[dict[str, str], Iterator[list[tuple[str | None, ...]]]]:
    """The columns with their declared types, and the rows as text: decimals without trailing zeros."""
    columns = _columns(con, select)
    texts = ", ".join(_text_sql(name_sql(name), kind) for name, kind in columns.items())
    cursor = con.execute(f"SELECT {texts} FROM ({select}) ORDER BY {order}")  # noqa: S608
    return columns, iter(lambda: cursor.fetchmany(BATCH), [])


def _text_sql(name: str, kind: str) -> str:
    text = f"CAST({name} AS VARCHAR)"
    if kind == schema.EXACT:
        text = f"rtrim(rtrim({text}, '0'), '.')"
    return f"{text} AS {name}"


def _levels(con: Any, part: Part, table: Publication) -> list[str]:
    """The columns of a cross-sectional table in which any row has a label."""
    if table.frequency != "cross_sectional":
        return []
    highest = ", ".join(f"max({level})" for level in schema.LEVELS)
    used = con.execute(f"SELECT {highest} FROM ({part.select})").fetchone()  # noqa: S608
    return [level for level, label in zip(schema.LEVELS, used, strict=True) if label]


def _among(tables: Sequence[Publication]) -> str:
    return f"table_id IN ({', '.join(text_sql(table.table_id) for table in tables)})"


def _check(part: Part, rows: int) -> None:
    table = part.table
    if table and rows != table.observations:
        raise RuntimeError(
            f"{table.table_id} has {rows:,} rows in the lake, but {table.observations:,} published observations"
        )
