"""Standard output and standard error: for people, or with --json one JSON document for a program."""

import csv
import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import msgspec
import typer
from pipeline.errors import InputInvalid, PipelineError
from rich.console import Console

from local.cli import terminal
from local.cli.entry import ADVICE, INTERRUPTED
from local.cloud.lock import LakeInUseError
from local.cloud.sql import athena

FAILED, USAGE = 1, 2  # exit codes; 0 is success
console, errors = Console(), Console(stderr=True)


def for_programs(wanted: bool) -> None:
    """Whether `show` and `stop` print JSON. What is for people, such as progress and notes, is then not printed."""
    console.quiet = errors.quiet = wanted


def show(answer: Any, draw: Callable[[], None]) -> None:
    """Print what a command found: for programs `answer`, otherwise what `draw` prints. Decimals are strings in JSON."""
    if console.quiet:
        sys.stdout.write(_json(answer))
        sys.stdout.flush()
    else:
        draw()


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Print an expected error as one line and exit: 2 for invalid arguments, 130 for Ctrl-C, 1 for any other."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        stop(str(interrupt) or ADVICE, INTERRUPTED)
    except InputInvalid as error:
        stop(str(error), USAGE)
    except typer.TyperException as error:
        if not console.quiet:
            raise  # typer shows it with the usage
        stop(error.format_message(), error.exit_code)
    except (BrokenPipeError, typer.Exit):
        raise
    except (athena.QueryError, PipelineError, LakeInUseError, LookupError, OSError, RuntimeError) as error:
        stop(str(error), FAILED)


def stop(message: str, code: int) -> NoReturn:
    """Print `message` to standard error and exit with `code`."""
    if console.quiet:
        sys.stderr.write(_json({"error": message, "exit_code": code}))
    errors.print(f"singstat: {message}", style="red", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(code)


def note(message: str) -> None:
    """Print a remark to standard error."""
    errors.print(message, style="dim", markup=False, highlight=False, soft_wrap=True)


def line(message: str) -> None:
    """Print one line to standard output, never wrapped."""
    console.print(message, markup=False, highlight=False, soft_wrap=True)


def print_rows(result: athena.Result, shape: str) -> None:
    """Print rows as `table`, `csv` or `json`; decimals without trailing zeros, which only their type adds."""
    names = [name for name, _ in result.columns]
    exact = [kind.startswith("decimal") for _, kind in result.columns]
    rows = [[_plain(cell) if e else cell for cell, e in zip(row, exact, strict=True)] for row in result.rows]
    if shape == "csv" and not console.quiet:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([names, *rows])
        sys.stdout.write(text.getvalue())
    else:
        objects = [dict(zip(names, row, strict=True)) for row in rows]
        show(objects, lambda: terminal.print_table(console, names, rows))


def _json(answer: Any) -> str:
    return msgspec.json.encode(answer, enc_hook=str).decode() + "\n"


def _plain(number: str | None) -> str | None:
    return number.rstrip("0").rstrip(".") if number and "." in number else number
