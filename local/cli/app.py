"""The `singstat` command.

Exit codes: 0 success, 1 the run or query failed, 2 invalid arguments, 130 Ctrl-C.
"""

import atexit
import os
import sys
from collections.abc import Callable
from contextlib import suppress

import typer

from local.cli.browse_commands import browse
from local.cli.catalogue_commands import catalogue, search
from local.cli.command import Commands, add
from local.cli.data_commands import chart, export, query, revisions, tables
from local.cli.edition_commands import forget, rollback
from local.cli.list_commands import lists, remove_list, set_list
from local.cli.plan_commands import plan
from local.cli.run_commands import costs, doctor, explain, mails, redrive, report, run, serve

app = typer.Typer(
    cls=Commands,
    help="Singapore's official statistics, exact and current: the complete AWS pipeline on this machine.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
COMMANDS: dict[str, dict[Callable[..., None], str]] = {
    "Runs": {
        plan: "plan monthly\nplan M212161 M213751",
        run: "run\nrun M212161 --force",
        redrive: "redrive",
        explain: "explain",
        report: "report --path",
    },
    "Data": {
        tables: "tables\ntables --format csv",
        query: (
            'query "SELECT period, value FROM quarterly LIMIT 4"\n'
            'query "SELECT count(*) FROM quarterly" --as-of 2026-12-31'
        ),
        chart: "chart M212161\nchart M213751 food --out food.svg",
        browse: "browse\nbrowse --no-open --port 0",
        revisions: "revisions M212161",
        export: "export --format xlsx out/\nexport --format csv --list monthly monthly/",
    },
    "Editions": {
        rollback: "rollback M212161 --to 2026-07-24",
        forget: "forget M212161 --vintage 2026-07-24",
    },
    "Catalogue and lists": {
        catalogue: "catalogue",
        search: "search price index",
        lists: "lists\nlists monthly",
        set_list: "set-list mine M212161 M213751\nset-list censuses --where \"kind = 'cross_sectional'\"",
        remove_list: "remove-list mine",
    },
    "AWS on this machine": {
        serve: "serve --no-auth",
        mails: "mails",
        costs: "costs --path",
        doctor: "doctor",
    },
}
for group, commands in COMMANDS.items():
    for command, examples in commands.items():
        add(app, command, examples, group)


def main() -> None:
    """Run the command that the arguments name."""
    try:
        app()
    except SystemExit as ended:
        atexit._run_exitfuncs()
        with suppress(BrokenPipeError):
            sys.stdout.flush()
        os._exit(int(ended.code or 0))  # the interpreter's own end looks at each object of each package: 0.3 s
