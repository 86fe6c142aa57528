"""The commands about runs: `run`, `redrive`, `report`, `explain`, `mails`, `costs`, `serve` and `doctor`."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pipeline.contracts.states import RunRequest
from pipeline.run.plan import ALL

from local.cli import progress, report_pages, terminal
from local.cli.options import LAKE, BaseUrl, Lake, Live, PathOnly, resolve, source
from local.cli.output import FAILED, console, line, show, stop
from local.cli.story import load

if TYPE_CHECKING:
    from local.cli.results import RunResult


class Crawl(StrEnum):
    AUTO = "auto"
    ALWAYS = "always"


def run(
    tables: Annotated[
        list[str] | None, typer.Argument(metavar="TABLE", help="Table IDs, for example M213751.", show_default=False)
    ] = None,
    list_name: Annotated[
        str | None,
        typer.Option(
            "--list", "--dataset", metavar="LIST", help="A list, such as monthly; default without table IDs: all."
        ),
    ] = None,
    base_url: BaseUrl = None,
    live: Live = False,
    force: Annotated[bool, typer.Option("--force", help="Download unchanged tables too.")] = False,
    accept: Annotated[
        bool, typer.Option("--accept", help="Publish what was refused as implausible, incomplete or withdrawn.")
    ] = False,
    crawl: Annotated[Crawl, typer.Option(help="Run the crawler only if the schema is new, or always.")] = Crawl.AUTO,
    large_table_cells: Annotated[
        int | None, typer.Option(metavar="CELLS", help="Download tables with more cells on an EC2 worker.", min=1)
    ] = None,
    lake: Lake = LAKE,
) -> None:
    """Download, transform, verify and publish tables; by default from recorded SingStat responses."""
    if not tables and list_name is None:
        list_name = ALL
    request = RunRequest(tables=tables or None, list_name=list_name, force=force, accept=accept, crawl=crawl.value)
    limits = {"LargeTableCells": str(large_table_cells)} if large_table_cells else {}
    resolve(request, lake)

    from local.cli.run import run as run_pipeline  # noqa: PLC0415
    from local.cloud.aws import LocalAWS  # noqa: PLC0415 - importing moto takes a second

    with (
        source(base_url, live) as parameters,
        LocalAWS(lake, parameters=parameters | limits) as aws,
        progress.watching(console) as watch,
    ):
        result = run_pipeline(aws, request, watch)
    _show(result)


def redrive(
    run_id: Annotated[
        str | None,
        typer.Argument(metavar="RUN", help="A run that failed or was stopped; default: the last.", show_default=False),
    ] = None,
    base_url: BaseUrl = None,
    live: Live = False,
    lake: Lake = LAKE,
) -> None:
    """Resume a failed run in the state that failed; what it has downloaded is not downloaded again."""
    story = load(lake, run_id)

    from local.cli.run import redrive as redrive_run  # noqa: PLC0415
    from local.cloud.aws import LocalAWS  # noqa: PLC0415

    with (
        source(base_url, live) as parameters,
        LocalAWS(lake, parameters=parameters) as aws,
        progress.watching(console) as watch,
    ):
        result = redrive_run(aws, story.run_id, watch)
    _show(result)


def _show(result: "RunResult") -> None:
    show(result.fields(), lambda: terminal.print_result(console, result))
    if result.status != "SUCCEEDED":
        raise typer.Exit(FAILED)


def report(
    run_id: Annotated[
        str | None,
        typer.Argument(metavar="RUN", help="Run ID; default: the last that published something.", show_default=False),
    ] = None,
    path: PathOnly = False,
    lake: Lake = LAKE,
) -> None:
    """Open the report of a run in the browser: charts, revisions, verification, cost."""
    page = report_pages.find(lake, run_id)
    show({"path": page}, lambda: line(str(page)) if path else _open(page))


def _open(page: Path) -> None:
    typer.launch(page.as_uri())


def explain(
    run_id: Annotated[
        str | None, typer.Argument(metavar="RUN", help="Run ID; default: the last.", show_default=False)
    ] = None,
    lake: Lake = LAKE,
) -> None:
    """Show the states of a run, their durations, failures with their causes, and the cost on AWS."""
    story = load(lake, run_id)
    show(story, lambda: terminal.print_story(console, story))


def mails(lake: Lake = LAKE) -> None:
    """List the mails that runs sent; on a laptop they are files."""
    from local.cloud.services.mailbox import mails as kept_mails  # noqa: PLC0415 - imports botocore, 0.3 s

    kept = kept_mails(lake)
    if not kept:
        stop(f"no mail in {lake}", FAILED)
    lines = [f"{mail.sent:%Y-%m-%d %H:%M:%S}  {mail.subject}\n  {mail.path}" for mail in kept]
    show([mail._asdict() for mail in kept], lambda: line("\n".join(lines)))


def costs(path: PathOnly = False, lake: Lake = LAKE) -> None:
    """Generate the daily cost report from synthetic billing data and open it in the browser."""
    from local.cli.costs import report  # noqa: PLC0415
    from local.cloud.aws import LocalAWS  # noqa: PLC0415

    with LocalAWS(lake) as aws:
        page = report(aws)
    show({"path": page}, lambda: line(str(page)))
    if not (path or console.quiet):
        _open(page)


def serve(
    port: Annotated[
        int, typer.Option(metavar="PORT", help="Port on 127.0.0.1; 0: any free one.", min=0, max=65535)
    ] = 8080,
    base_url: BaseUrl = None,
    live: Live = False,
    no_auth: Annotated[bool, typer.Option("--no-auth", help="Accept unsigned requests.")] = False,
    lake: Lake = LAKE,
) -> None:
    """Serve the API on loopback as deployed: start runs, query their status, open links. Stop with Ctrl-C."""
    from local.cli.loopback import until_interrupted, wait  # noqa: PLC0415
    from local.cli.serve import serving  # noqa: PLC0415
    from local.cloud.aws import LocalAWS  # noqa: PLC0415

    with (
        until_interrupted(),
        source(base_url, live) as parameters,
        LocalAWS(lake, parameters=parameters) as aws,
        serving(aws, port, not no_auth) as endpoint,
    ):
        show(endpoint.fields(), lambda: line(str(endpoint)))
        wait()


def doctor(lake: Lake = LAKE) -> None:
    """Check what this machine can run: the laptop's pipeline, the functions in containers, a deployment."""
    from local.cli.doctor import run_checks  # noqa: PLC0415 - imports botocore, 0.3 s

    checks = run_checks(lake)
    show([check._asdict() for check in checks], lambda: terminal.print_checks(console, checks))
    if any(check.required and check.found != "yes" for check in checks):
        raise typer.Exit(FAILED)
