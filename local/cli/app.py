"""The `singstat` command. Exit codes: 0 success, 1 the run or query failed, 2 invalid arguments."""

import gc

import typer

from local.cli.catalogue_commands import catalogue, search
from local.cli.data_commands import chart, export, query, revisions, tables
from local.cli.edition_commands import forget, rollback
from local.cli.list_commands import lists, remove_list, set_list
from local.cli.plan_commands import plan
from local.cli.run_commands import costs, doctor, explain, mails, redrive, report, run, serve

app = typer.Typer(
    help="Singapore's official statistics, exact and current: the complete AWS pipeline on this machine.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for command in (
    *(
        plan,
        run,
        redrive,
        query,
        tables,
        chart,
        export,
        revisions,
        rollback,
        forget,
        catalogue,
        search,
        lists,
        set_list,
        remove_list,
    ),
    *(report, explain, mails, costs, doctor, serve),
):
    app.command()(command)


def main() -> None:
    """The entry point of `singstat`."""
    try:
        app()
    finally:
        gc.freeze()  # otherwise the interpreter, at its end, looks at each object of each package: 0.4 s
