"""The `singstat` command. Errors are one clear line; exit 0 done, 1 the run or query failed, 2 the call is wrong."""

import csv
import io
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from pipeline.contracts.states import RunRequest
from pipeline.errors import InputInvalid, PipelineError
from pipeline.run.plan import plan_tables
from pipeline.source.answers import read_search
from pipeline.source.client import SingStat
from pipeline.wording import quantity
from rich.console import Console

from local.cli import report_pages, screen
from local.cli import revisions as changes
from local.cli.doctor import examine
from local.cli.story import recall
from local.cloud.lock import LakeInUseError
from local.cloud.services.mailbox import mails as kept_mails
from local.cloud.sql import as_of as past
from local.cloud.sql import athena
from local.cloud.sql.catalogue import FILE_NAME, PUBLISHED
from local.cloud.stack.template import TEMPLATE, load_template

FAILED, WRONG_CALL = 1, 2
DATASETS = ("monthly", "quarterly", "yearly")
QUICK = {"PollSeconds": "1", "BackoffSeconds": "0.1"}  # nothing on a laptop takes minutes
LIVE = "https://tablebuilder.singstat.gov.sg/api/table"
TABLES = "SELECT table_id, title, frequency, vintage, observations, source_agency, fetched_at FROM tables ORDER BY 1"

app = typer.Typer(
    help="Official Singapore statistics, exact and current: the whole AWS pipeline on this machine.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
console, errors = Console(), Console(stderr=True)
Lake = Annotated[Path, typer.Option("--lake", help="The folder that holds the data.", file_okay=False)]
LAKE = Path("lake")


class Format(StrEnum):
    TABLE = "table"
    CSV = "csv"
    JSON = "json"


class FileFormat(StrEnum):
    PARQUET = "parquet"
    CSV = "csv"
    XLSX = "xlsx"


class Crawl(StrEnum):
    AUTO = "auto"
    ALWAYS = "always"


Shape = Annotated[Format, typer.Option("--format", help="How to print the rows.")]


@app.command()
def run(
    tables: Annotated[list[str] | None, typer.Argument(help="Table ids, like M213751.", show_default=False)] = None,
    dataset: Annotated[str | None, typer.Option(help="monthly, quarterly, yearly or all (the default).")] = None,
    base_url: Annotated[str | None, typer.Option(help="The API's root; default: the recorded answers.")] = None,
    live: Annotated[bool, typer.Option("--live", help="Ask SingStat itself.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Download even what is published already.")] = False,
    crawl: Annotated[Crawl, typer.Option(help="Crawl only when the schema is new, or always.")] = Crawl.AUTO,
    large_table_cells: Annotated[int | None, typer.Option(help="Tables with more cells go to a worker.", min=1)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON, nothing else.")] = False,
    lake: Lake = LAKE,
) -> None:
    """Download, transform, verify and publish tables; recorded answers of SingStat unless told otherwise."""
    if not tables and dataset is None:
        dataset = "all"
    request = RunRequest(tables=tables or None, dataset=dataset, force=force, crawl=crawl.value)
    limits = {"LargeTableCells": str(large_table_cells)} if large_table_cells else {}
    with _one_line_errors():
        plan_tables(request, datasets(lake))

        from local.cli.run import run as run_pipeline  # noqa: PLC0415
        from local.cloud.aws import LocalAWS  # noqa: PLC0415 - moto takes a second that other commands need not wait

        with (
            _source(base_url, live) as parameters,
            LocalAWS(lake, parameters=parameters | limits) as aws,
            screen.watching(console, quiet=as_json) as watch,
        ):
            result = run_pipeline(aws, request, watch)
    if as_json:
        sys.stdout.write(screen.as_json(result) + "\n")
    else:
        screen.result(console, result)
    if result.status != "SUCCEEDED":
        raise typer.Exit(FAILED)


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="Athena SQL, like: SELECT * FROM monthly LIMIT 5")],
    as_of: Annotated[datetime | None, typer.Option(help="Ask what readers saw on a day.", formats=["%Y-%m-%d"])] = None,
    shape: Shape = Format.TABLE,
    lake: Lake = LAKE,
) -> None:
    """Athena SQL over the published tables, as they are or as they were."""
    with _one_line_errors():
        asked = past.as_of(sql, as_of.date()) if as_of else sql
    _print(_ask(asked, lake), shape)


@app.command()
def tables(shape: Shape = Format.TABLE, lake: Lake = LAKE) -> None:
    """What is published: one row for each table."""
    _print(_ask(TABLES, lake), shape)


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder for the files.", show_default=False)],
    kind: Annotated[FileFormat, typer.Option("--format", help="What kind of files.")],
    dataset: Annotated[
        str | None, typer.Option(help="monthly, quarterly, yearly or all; default: every table.")
    ] = None,
    lake: Lake = LAKE,
) -> None:
    """Write what is published to files: Parquet, CSV, or Excel workbooks."""
    _check_published(lake)
    with _one_line_errors():
        from local.cli.export import export as export_tables  # noqa: PLC0415 - Excel's writer is needed here alone

        asked = plan_tables(RunRequest(dataset=dataset), datasets(lake)) if dataset else None
        done = export_tables(lake, folder, kind.value, asked)
    if done.absent:
        errors.print(f"not published: {', '.join(done.absent)}", style="dim", highlight=False)
    console.print(
        f"{quantity(done.tables, 'table')}, {quantity(done.observations, 'observation')}: {folder}",
        highlight=False,
        soft_wrap=True,
    )


@app.command()
def revisions(
    table_id: Annotated[str, typer.Argument(help="The table, like M550002.")],
    earlier: Annotated[
        str | None, typer.Option("--from", help="An edition or vintage (default: the one before).")
    ] = None,
    later: Annotated[str | None, typer.Option("--to", help="An edition or vintage; default: the newest.")] = None,
    shape: Shape = Format.TABLE,
    lake: Lake = LAKE,
) -> None:
    """What changed in a table between two editions: each cell that was revised, is new or was deleted."""
    with _one_line_errors():
        known = changes.editions(lake, table_id)
        through = changes.between(known, earlier, later)
        found = changes.revisions(lake, table_id, through)
    if not through:
        errors.print(f"{table_id} has one edition, {known[0]}: nothing to compare", style="dim", highlight=False)
    columns = [(name, "varchar") for name in changes.Revision._fields]
    if found or shape is not Format.TABLE:
        _print(athena.Result(columns, [tuple(revision) for revision in found], 0), shape)


@app.command()
def search(
    words: Annotated[list[str], typer.Argument(help="Words of a title.")],
    base_url: Annotated[str | None, typer.Option(help="The API's root; default: the recorded answers.")] = None,
    live: Annotated[bool, typer.Option("--live", help="Ask SingStat itself (takes 7 to 10 s).")] = False,
    shape: Shape = Format.TABLE,
) -> None:
    """Find tables by the words of their titles."""
    with _one_line_errors(), _source(base_url, live) as parameters:
        source = SingStat(parameters.get("SourceUrl", LIVE), backoff_seconds=1)
        found = read_search(source.search(" ".join(words)))
    if not found:
        errors.print(f"no table has {' '.join(words)!r} in its title", style="dim", highlight=False)
    columns = [("id", "varchar"), ("title", "varchar"), ("kind", "varchar")]
    _print(athena.Result(columns, [(table.id, table.title, table.kind) for table in found], 0), shape)


@app.command()
def report(
    run_id: Annotated[
        str | None, typer.Argument(help="The run; default: the last that published something.", show_default=False)
    ] = None,
    path: Annotated[bool, typer.Option("--path", help="Only print where the page is.")] = False,
    lake: Lake = LAKE,
) -> None:
    """Open the report of a run in the browser: charts, revisions, verification, cost."""
    with _one_line_errors():
        page = report_pages.find(lake, run_id)
    if path:
        sys.stdout.write(f"{page}\n")
    else:
        typer.launch(page.as_uri())


@app.command()
def explain(
    run_id: Annotated[str | None, typer.Argument(help="The run; default: the last one.", show_default=False)] = None,
    lake: Lake = LAKE,
) -> None:
    """The story of a run: its states, how long each took, what failed and why."""
    with _one_line_errors():
        screen.story(console, recall(lake, run_id))


@app.command()
def mails(lake: Lake = LAKE) -> None:
    """The mails that the runs sent: on a laptop they are files."""
    kept = kept_mails(lake)
    if not kept:
        _stop(f"{lake} holds no mail", FAILED)
    for mail in kept:
        told = f"{mail.sent:%Y-%m-%d %H:%M:%S}  {mail.subject}\n  {mail.path}"
        console.print(told, markup=False, highlight=False, soft_wrap=True)


@app.command()
def costs(
    path: Annotated[bool, typer.Option("--path", help="Only print where the page is.")] = False,
    lake: Lake = LAKE,
) -> None:
    """The daily report of the costs, on synthetic billing data: opens its page."""
    with _one_line_errors():
        from local.cli.costs import report  # noqa: PLC0415
        from local.cloud.aws import LocalAWS  # noqa: PLC0415

        with LocalAWS(lake) as aws:
            page = report(aws)
    sys.stdout.write(f"{page}\n")
    if not path:
        typer.launch(page.as_uri())


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print the checks as JSON, nothing else.")] = False,
    lake: Lake = LAKE,
) -> None:
    """What works on this machine, and what each missing thing would unlock."""
    checks = examine(lake)
    if as_json:
        sys.stdout.write(json.dumps([check._asdict() for check in checks]) + "\n")
    else:
        screen.checks(console, checks)
    if any(check.needed and check.here != "yes" for check in checks):
        raise typer.Exit(FAILED)


@app.command()
def serve(
    port: Annotated[int, typer.Option(help="The port on 127.0.0.1.", min=0, max=65535)] = 8080,
    base_url: Annotated[str | None, typer.Option(help="The API's root; default: the recorded answers.")] = None,
    live: Annotated[bool, typer.Option("--live", help="Ask SingStat itself.")] = False,
    no_auth: Annotated[bool, typer.Option("--no-auth", help="Take requests that are not signed.")] = False,
    lake: Lake = LAKE,
) -> None:
    """The API on loopback, as deployed: start runs, see how they stand, open links. Ends with Ctrl-C."""
    with _one_line_errors():
        from local.cli.serve import serving, until_interrupted  # noqa: PLC0415
        from local.cloud.aws import LocalAWS  # noqa: PLC0415

        with (
            until_interrupted(),
            _source(base_url, live) as parameters,
            LocalAWS(lake, parameters=parameters) as aws,
            serving(aws, port, not no_auth) as door,
        ):
            sys.stdout.write(f"{door}\n")
            sys.stdout.flush()
            threading.Event().wait()


def datasets(lake: Path) -> dict[str, list[str]]:
    """The table ids of each dataset, as the template lists them."""
    parameters = load_template(TEMPLATE, lake / ".cache")["Parameters"]
    return {name: parameters[f"{name.capitalize()}Tables"]["Default"].split(",") for name in DATASETS}


def main() -> None:
    """The entry point of `singstat`."""
    app()


@contextmanager
def _source(base_url: str | None, live: bool) -> Iterator[dict[str, str]]:
    """The template parameters that say where SingStat is; recorded answers are served while the block runs."""
    from local.replay.server import Replay  # noqa: PLC0415

    if live and base_url:
        _stop("give --live or --base-url, not both", WRONG_CALL)
    if live:
        yield QUICK | {"BackoffSeconds": "1"}
    elif base_url:
        yield QUICK | {"SourceUrl": base_url.rstrip("/")}
    else:
        with Replay() as replay:
            yield QUICK | {"SourceUrl": replay.url}


@contextmanager
def _one_line_errors() -> Iterator[None]:
    try:
        yield
    except InputInvalid as error:
        _stop(str(error), WRONG_CALL)
    except (athena.QueryError, PipelineError, LakeInUseError, LookupError, OSError, RuntimeError) as error:
        _stop(str(error), FAILED)


def _stop(message: str, code: int) -> NoReturn:
    errors.print(f"singstat: {message}", style="red", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(code)


def _check_published(lake: Path) -> None:
    if not (lake / FILE_NAME).exists():
        _stop(f"nothing is published in {lake} yet: start with `singstat run`", FAILED)


def _ask(sql: str, lake: Path) -> athena.Result:
    _check_published(lake)
    with _one_line_errors():
        return athena.run(sql, PUBLISHED, [], lake)


def _print(answer: athena.Result, shape: Format) -> None:
    """Decimals are printed exact and without the zeros that only their type adds."""
    names = [name for name, _ in answer.columns]
    exact = [kind.startswith("decimal") for _, kind in answer.columns]
    rows = [[_plain(cell) if e else cell for cell, e in zip(row, exact, strict=True)] for row in answer.rows]
    if shape is Format.JSON:
        sys.stdout.write(json.dumps([dict(zip(names, row, strict=True)) for row in rows], ensure_ascii=False) + "\n")
    elif shape is Format.CSV:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([names, *rows])
        sys.stdout.write(text.getvalue())
    else:
        screen.rows(console, names, rows)


def _plain(number: str | None) -> str | None:
    return number.rstrip("0").rstrip(".") if number and "." in number else number
