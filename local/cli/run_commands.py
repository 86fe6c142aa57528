"""The commands about runs: `run`, `redrive`, `report`, `explain`, `mails`, `costs`, `serve` and `doctor`."""

import json
import sys
import threading
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer
from pipeline.contracts.states import RunRequest
from pipeline.run.plan import ALL, plan_tables

from local.cli import report_pages, terminal
from local.cli.options import LAKE, BaseUrl, Json, Lake, Live, PathOnly, source, table_lists
from local.cli.output import FAILED, console, line, one_line_errors, stop
from local.cli.story import load

if TYPE_CHECKING:
    from local.cli.results import RunResult


class Crawl(StrEnum):
    AUTO = "auto"
    ALWAYS = "always"


def run(
    tables: Annotated[
        list[str] | None, typer.Argument(help="Table IDs, for example M213751.", show_default=False)
    ] = None,
    list_name: Annotated[
        str | None,
        typer.Option("--list", "--dataset", help="A list, such as monthly; default without table IDs: all."),
    ] = None,
    base_url: BaseUrl = None,
    live: Live = False,
    force: Annotated[bool, typer.Option("--force", help="Download unchanged tables too.")] = False,
    accept: Annotated[
        bool, typer.Option("--accept", help="Publish what was refused as implausible, incomplete or withdrawn.")
    ] = False,
    crawl: Annotated[Crawl, typer.Option(help="Run the crawler only if the schema is new, or always.")] = Crawl.AUTO,
    large_table_cells: Annotated[
        int | None, typer.Option(help="Download tables with more cells on an EC2 worker.", min=1)
    ] = None,
    as_json: Json = False,
    lake: Lake = LAKE,
) -> None:
    """Download, transform, verify and publish tables; by default from recorded SingStat responses."""
    if not tables and list_name is None:
        list_name = ALL
    request = RunRequest(tables=tables or None, list_name=list_name, force=force, accept=accept, crawl=crawl.value)
    limits = {"LargeTableCells": str(large_table_cells)} if large_table_cells else {}
    with one_line_errors():
        plan_tables(request, table_lists(lake))

        from local.cli.run import run as run_pipeline  # noqa: PLC0415
        from local.cloud.aws import LocalAWS  # noqa: PLC0415 - importing moto takes a second

        with (
            source(base_url, live) as parameters,
            LocalAWS(lake, parameters=parameters | limits) as aws,
            terminal.watching(console, quiet=as_json) as watch,
        ):
            result = run_pipeline(aws, request, watch)
    _show(result, as_json)


def redrive(
    run_id: Annotated[str, typer.Argument(help="ID of a run that failed.")],
    base_url: BaseUrl = None,
    live: Live = False,
    as_json: Json = False,
    lake: Lake = LAKE,
) -> None:
    """Resume a failed run in the state that failed; what it has downloaded is not downloaded again."""
    with one_line_errors():
        from local.cli.run import redrive as redrive_run  # noqa: PLC0415
        from local.cloud.aws import LocalAWS  # noqa: PLC0415

        with (
            source(base_url, live) as parameters,
            LocalAWS(lake, parameters=parameters) as aws,
            terminal.watching(console, quiet=as_json) as watch,
        ):
            result = redrive_run(aws, run_id, watch)
    _show(result, as_json)


def _show(result: "RunResult", as_json: bool) -> None:
    if as_json:
        sys.stdout.write(terminal.as_json(result) + "\n")
    else:
        terminal.print_result(console, result)
    if result.status != "SUCCEEDED":
        raise typer.Exit(FAILED)


def report(
    run_id: Annotated[
        str | None,
        typer.Argument(help="Run ID; default: the last run that published something.", show_default=False),
    ] = None,
    path: PathOnly = False,
    lake: Lake = LAKE,
) -> None:
    """Open the report of a run in the browser: charts, revisions, verification, cost."""
    with one_line_errors():
        page = report_pages.find(lake, run_id)
    if path:
        sys.stdout.write(f"{page}\n")
    else:
        typer.launch(page.as_uri())


def explain(
    run_id: Annotated[str | None, typer.Argument(help="Run ID; default: the last run.", show_default=False)] = None,
    lake: Lake = LAKE,
) -> None:
    """Show the states of a run, their durations, failures with their causes, and the cost on AWS."""
    with one_line_errors():
        terminal.print_story(console, load(lake, run_id))


def mails(lake: Lake = LAKE) -> None:
    """List the mails that runs sent; on a laptop they are files."""
    from local.cloud.services.mailbox import mails as kept_mails  # noqa: PLC0415 - imports botocore, 0.3 s

    kept = kept_mails(lake)
    if not kept:
        stop(f"no mail in {lake}", FAILED)
    for mail in kept:
        line(f"{mail.sent:%Y-%m-%d %H:%M:%S}  {mail.subject}\n  {mail.path}")


def costs(path: PathOnly = False, lake: Lake = LAKE) -> None:
    """Generate the daily cost report from synthetic billing data and open it in the browser."""
    with one_line_errors():
        from local.cli.costs import report  # noqa: PLC0415
        from local.cloud.aws import LocalAWS  # noqa: PLC0415

        with LocalAWS(lake) as aws:
            page = report(aws)
    sys.stdout.write(f"{page}\n")
    if not path:
        typer.launch(page.as_uri())


def serve(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0: any free one.", min=0, max=65535)] = 8080,
    base_url: BaseUrl = None,
    live: Live = False,
    no_auth: Annotated[bool, typer.Option("--no-auth", help="Accept unsigned requests.")] = False,
    lake: Lake = LAKE,
) -> None:
    """Serve the API on loopback as deployed: start runs, query their status, open links. Stop with Ctrl-C."""
    with one_line_errors():
        from local.cli.serve import serving, until_interrupted  # noqa: PLC0415
        from local.cloud.aws import LocalAWS  # noqa: PLC0415

        with (
            until_interrupted(),
            source(base_url, live) as parameters,
            LocalAWS(lake, parameters=parameters) as aws,
            serving(aws, port, not no_auth) as endpoint,
        ):
            sys.stdout.write(f"{endpoint}\n")
            sys.stdout.flush()
            threading.Event().wait()


def doctor(as_json: Json = False, lake: Lake = LAKE) -> None:
    """Check what this machine can run: the laptop's pipeline, the functions in containers, a deployment."""
    from local.cli.doctor import run_checks  # noqa: PLC0415 - imports botocore, 0.3 s

    checks = run_checks(lake)
    if as_json:
        sys.stdout.write(json.dumps([check._asdict() for check in checks]) + "\n")
    else:
        terminal.print_checks(console, checks)
    if any(check.required and check.found != "yes" for check in checks):
        raise typer.Exit(FAILED)
