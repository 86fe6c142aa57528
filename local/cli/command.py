"""What all commands have in common: `--json`, errors in one line, the end by Ctrl-C, and examples in the help."""

import signal
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from local.cli.output import for_programs, one_line_errors

JSON = "--json"


def interrupt_once(*_: object) -> NoReturn:
    """Handle SIGINT or SIGTERM: raise KeyboardInterrupt, and ignore the signals while what it interrupts cleans up."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


class Commands(TyperGroup):
    """Runs a command; whether it prints JSON is known before its arguments are read, so their errors are JSON too."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for; from here on Ctrl-C ends it cleanly."""
        for_programs(JSON in ctx.args)
        with one_line_errors():
            if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # as in a shell's background job
                signal.signal(signal.SIGINT, interrupt_once)
            return super().invoke(ctx)


class Command(TyperCommand):
    """A command that also has `--json`, and shows no type for an option without a value."""

    def __init__(self, name: str | None, *, params: list[Any], **settings: Any) -> None:
        super().__init__(name, params=[*params, *_shared()], **settings)
        for option in self.params:
            if getattr(option, "is_flag", False):
                option.metavar = ""


def add(app: typer.Typer, command: Callable[..., None], examples: str, group: str) -> None:
    """Make a function a command of `app`; its examples, one a line, are shown below its options."""
    shown = "\n".join(["Examples:", *(f"singstat {example}" for example in examples.splitlines())])
    app.command(cls=Command, epilog=shown, rich_help_panel=group)(command)


@cache
def _shared() -> list[Any]:
    """The parameters of every command."""
    app = typer.Typer(add_completion=False)

    @app.command()
    def command(
        as_json: Annotated[
            bool, typer.Option(JSON, help="Print one JSON document and nothing else.", expose_value=False)
        ] = False,
    ) -> None: ...

    return list(get_command(app).params)
