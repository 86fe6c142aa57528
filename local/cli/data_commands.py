"""The commands about data: `query`, `tables`, `chart`, `export` and `revisions`."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from pipeline.contracts.states import RunRequest
from pipeline.wording import quantity

from local.cli import revisions as changes
from local.cli.names import check_published
from local.cli.options import LAKE, Format, Lake, PublishedTable, RowFormat, resolve
from local.cli.output import FAILED, USAGE, console, line, note, print_rows, show, stop
from local.cli.records import publications
from local.cloud.sql import athena
from local.cloud.sql.catalogue import PUBLISHED

SUMMARY = ("table_id", "title", "frequency", "vintage", "observations")
IMAGES = (".png", ".svg", ".html")
ALL = (*SUMMARY, "source_agency", "fetched_at")


class FileFormat(StrEnum):
    PARQUET = "parquet"
    CSV = "csv"
    XLSX = "xlsx"
    SDMX = "sdmx"


def query(
    sql: Annotated[str, typer.Argument(metavar="SQL", help='Athena SQL, for example "SELECT * FROM monthly LIMIT 5".')],
    as_of: Annotated[
        datetime | None,
        typer.Option(
            help="Query what readers saw at the end of this day in Singapore.", formats=["%Y-%m-%d"], metavar="DAY"
        ),
    ] = None,
    vintage_as_of: Annotated[
        datetime | None,
        typer.Option(help="Query what SingStat had dated this day or earlier.", formats=["%Y-%m-%d"], metavar="DAY"),
    ] = None,
    shape: RowFormat = Format.TABLE,
    lake: Lake = LAKE,
) -> None:
    """Run Athena SQL on the published tables, as they are now or as of a day."""
    if as_of and vintage_as_of:
        stop("use either --as-of or --vintage-as-of, not both", USAGE)
    from local.cloud.sql import as_of as past  # noqa: PLC0415 - imports sqlglot, 0.1 s

    if as_of:
        sql = past.as_of(sql, as_of.date())
    elif vintage_as_of:
        sql = past.vintage_as_of(sql, vintage_as_of.date())
    check_published(lake)
    print_rows(athena.run(sql, PUBLISHED, [], lake), shape)


def tables(shape: RowFormat = Format.TABLE, lake: Lake = LAKE) -> None:
    """List the published tables; CSV and JSON also have the source agency and the time of download."""
    check_published(lake)
    known, odd = publications(lake)
    names = SUMMARY if shape is Format.TABLE else ALL
    rows: list[tuple[str | None, ...]] = [tuple(str(getattr(table, name)) for name in names) for table in known]
    print_rows(athena.Result([(name, "varchar") for name in names], rows, 0), shape)
    if odd:
        stop("; ".join(odd), FAILED)


def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The output directory.", show_default=False)],
    kind: Annotated[FileFormat, typer.Option("--format", help="File format.")],
    list_name: Annotated[
        str | None,
        typer.Option(
            "--list",
            "--dataset",
            metavar="LIST",
            help="A list, such as monthly or all; default: every published table.",
        ),
    ] = None,
    lake: Lake = LAKE,
) -> None:
    """Export the published tables to Parquet, CSV, Excel or SDMX files, with a description that other programs read."""
    from local.cli.export import export as export_tables  # noqa: PLC0415 - only this command needs xlsxwriter

    check_published(lake)
    wanted = resolve(RunRequest(list_name=list_name), lake) if list_name else None
    done = export_tables(lake, folder, kind.value, wanted)
    if done.absent:
        note(f"not published: {', '.join(done.absent)}")
    told = f"{quantity(done.tables, 'table')}, {quantity(done.observations, 'observation')}: {folder}"
    show({"folder": folder.resolve(), **done._asdict()}, lambda: line(told))


def revisions(
    table_id: PublishedTable,
    earlier: Annotated[
        str | None, typer.Option("--from", metavar="EDITION", help="Edition or vintage; default: the one before --to.")
    ] = None,
    later: Annotated[
        str | None, typer.Option("--to", metavar="EDITION", help="Edition or vintage; default: the newest.")
    ] = None,
    shape: RowFormat = Format.TABLE,
    lake: Lake = LAKE,
) -> None:
    """Compare two editions of a table: its cells, and the numbers, labels, units and footnotes of its series."""
    known = changes.editions(lake, table_id)
    compared = changes.between(known, earlier, later)
    rows = changes.revisions(lake, table_id, compared) if compared else []
    if not compared:
        note(f"{table_id} has one edition, {known[0]}: nothing to compare")
    columns = [(name, "varchar") for name in changes.Revision._fields]
    if rows or shape is not Format.TABLE or console.quiet:
        print_rows(athena.Result(columns, [tuple(row) for row in rows], 0), shape)


def chart(
    table_id: PublishedTable,
    series: Annotated[
        str | None,
        typer.Argument(
            metavar="SERIES", help="Number of a series, or words of its label; default: the first.", show_default=False
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write a file instead: .png, .svg or .html.", dir_okay=False, show_default=False)
    ] = None,
    lake: Lake = LAKE,
) -> None:
    """Draw a series in the terminal, or to a file, with its earlier editions behind it where they were revised."""
    if out and out.suffix not in IMAGES:
        stop(f"--out takes a file that ends in {', '.join(IMAGES)}, not {out.name}", USAGE)
    from local.cli import chart as charts  # noqa: PLC0415 - only this command draws

    drawn = charts.read(lake, table_id, series)
    if out:
        out.write_bytes(charts.image(drawn, out.suffix))
        show({"path": out.resolve()}, lambda: line(str(out)))
    else:
        from local.cli.terminal_chart import print_chart  # noqa: PLC0415

        show(drawn.chart, lambda: print_chart(console, drawn.chart))
