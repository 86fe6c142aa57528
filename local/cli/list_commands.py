"""The commands about named lists of tables: `lists`, `set-list` and `remove-list`."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from pipeline.contracts import keys
from pipeline.contracts.records import TableList
from pipeline.contracts.states import RunRequest
from pipeline.run.plan import ALL, check_list_name, check_tables
from pipeline.wording import quantity

from local.cli.names import did_you_mean
from local.cli.options import LAKE, Format, Lake, RowFormat, resolve, stored_lists, template_lists
from local.cli.output import USAGE, line, note, print_rows, show, stop
from local.cloud.sql import athena
from local.cloud.sql.catalogue import PUBLISHED

Name = Annotated[str, typer.Argument(metavar="LIST", help="Name of the list: small letters, digits, - and _.")]


def lists(
    name: Annotated[
        str | None, typer.Argument(metavar="LIST", help="Print the tables of this list.", show_default=False)
    ] = None,
    shape: RowFormat = Format.TABLE,
    lake: Lake = LAKE,
) -> None:
    """Show the named lists of tables, or the tables of one; `run --list` downloads them."""
    stored, wrong = stored_lists(lake)
    for why in wrong.values():
        note(why)
    rows: list[tuple[str | None, ...]]
    if name is None:
        names = sorted({*template_lists(), *stored, *(() if wrong else (ALL,))} - wrong.keys())
        origins = {each: "this lake" if each in stored else "template" for each in names}
        rows = [(each, str(len(_tables(each, lake))), origin) for each, origin in origins.items()]
        columns = ["list", "tables", "from"]
    else:
        rows, columns = [(table,) for table in _tables(name, lake)], ["table_id"]
    print_rows(athena.Result([(column, "varchar") for column in columns], rows, 0), shape)


def set_list(
    name: Name,
    tables: Annotated[
        list[str] | None, typer.Argument(metavar="TABLE", help="Table IDs, for example M213751.", show_default=False)
    ] = None,
    where: Annotated[
        str | None, typer.Option(metavar="SQL", help="Tables of the catalogue, for example \"frequency = 'monthly'\".")
    ] = None,
    lake: Lake = LAKE,
) -> None:
    """Store a list of tables; one of the template's names replaces the template's."""
    if bool(tables) == bool(where):
        stop("give either table IDs or --where", USAGE)
    if where:
        sql = f"SELECT table_id FROM catalogue WHERE retired_on IS NULL AND ({where}) ORDER BY table_id"  # noqa: S608 - the user's own SQL
        tables = [str(row[0]) for row in athena.run(sql, PUBLISHED, [], lake).rows]
    content = TableList(tables=tables or [])
    check_list_name(name)
    check_tables(content.tables)
    _change(lake, name, content)
    show({"list": name, "tables": content.tables}, lambda: line(f"{name}: {quantity(len(content.tables), 'table')}"))


def remove_list(name: Name, lake: Lake = LAKE) -> None:
    """Remove a stored list; one of the template's names is the template's again."""
    stored, wrong = stored_lists(lake)
    if name not in (*stored, *wrong):
        raise LookupError(f"there is no list {name[:40]!r} in {lake}{did_you_mean(name, stored)}")
    _change(lake, name, None)
    show({"list": name, "tables": None}, lambda: line(f"{name}: removed"))


def _tables(name: str, lake: Path) -> list[str]:
    return resolve(RunRequest(list_name=name), lake)


def _change(lake: Path, name: str, content: TableList | None) -> None:
    from local.cloud.aws import LocalAWS  # noqa: PLC0415 - importing moto takes a second

    with LocalAWS(lake) as aws:
        s3, place = aws.client("s3"), {"Bucket": aws.resource("DataBucket"), "Key": keys.table_list(name)}
        if content is None:
            s3.delete_object(**place)
        else:
            s3.put_object(**place, Body=msgspec.json.encode(content))
