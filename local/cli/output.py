"""Standard output and standard error: rows in the requested format, and errors as one line with their exit code."""

import csv
import io
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer
from pipeline.errors import InputInvalid, PipelineError
from rich.console import Console

from local.cli import terminal
from local.cloud.lock import LakeInUseError
from local.cloud.sql import athena

FAILED, USAGE = 1, 2  # exit codes; 0 is success
console, errors = Console(), Console(stderr=True)


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Print an expected error as one line and exit: 2 for invalid arguments, 1 for any other."""
    try:
        yield
    except InputInvalid as error:
        stop(str(error), USAGE)
    except (athena.QueryError, PipelineError, LakeInUseError, LookupError, OSError, RuntimeError) as error:
        stop(str(error), FAILED)


def stop(message: str, code: int) -> NoReturn:
    """Print `message` to standard error and exit with `code`."""
    errors.print(f"singstat: {message}", style="red", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(code)


def note(message: str) -> None:
    """Print a remark to standard error."""
    errors.print(message, style="dim", markup=False, highlight=False)


def line(message: str) -> None:
    """Print one line to standard output, never wrapped."""
    console.print(message, markup=False, highlight=False, soft_wrap=True)


def print_rows(result: athena.Result, shape: str) -> None:
    """Print rows as `table`, `csv` or `json`; decimals without trailing zeros, which only their type adds."""
    names = [name for name, _ in result.columns]
    exact = [kind.startswith("decimal") for _, kind in result.columns]
    rows = [[_plain(cell) if e else cell for cell, e in zip(row, exact, strict=True)] for row in result.rows]
    if shape == "json":
        sys.stdout.write(json.dumps([dict(zip(names, row, strict=True)) for row in rows], ensure_ascii=False) + "\n")
    elif shape == "csv":
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([names, *rows])
        sys.stdout.write(text.getvalue())
    else:
        terminal.print_table(console, names, rows)


def _plain(number: str | None) -> str | None:
    return number.rstrip("0").rstrip(".") if number and "." in number else number
