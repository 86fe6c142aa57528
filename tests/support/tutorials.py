"""The commands of a tutorial, run in their order, and what they print.

As a script, writes what they print into the pages: `python -m tests.support.tutorials LAKE`, a lake of `make run`.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "docs" / f"tutorial-{name}.md" for name in ("analyst", "student")]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)
ELSEWHERE = re.compile(r"make |git |.* --live\b")  # the first steps, which made this lake, and what needs the internet
# What differs from run to run: names, times, ports, queries.
CHANGING = re.compile(
    r"\d{8}T\d{6}-[0-9a-f]{4}|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\+00:00)?|\d\d:\d\d:\d\d|127\.0\.0\.1:\d+"
    r"|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)
COUNTS = re.compile(r"\d[\d.]*|─+")


class Block(NamedTuple):
    """Commands, what they print according to the page (None if it does not say), and what they print."""

    code: str
    told: str | None
    printed: str


def follow(page: Path, folder: Path) -> Iterator[Block]:
    """Run the commands of a page in `folder`, which has a lake. Raises `CalledProcessError` if one fails."""
    (folder / ".venv").symlink_to(ROOT / ".venv")
    environment = os.environ | {"COLUMNS": "80", "TERM": "dumb"}
    for found in BLOCK.finditer(page.read_text("utf-8")):
        language, code, told = found.groups()
        lines = "".join(line for line in code.splitlines(keepends=True) if not ELSEWHERE.match(line))
        words = [".venv/bin/python", "-c", code] if language == "python" else ["bash", "-ec", lines]
        printed = subprocess.check_output(words, cwd=folder, env=environment, text=True, timeout=180)
        shown = "\n".join(line.rstrip() for line in printed.splitlines()).strip("\n")
        yield Block(code, told, f"{shown}\n")


def comparable(code: str, printed: str) -> str:
    """What is the same in every run; of a history its states and items of cost, as a busy machine polls more often."""
    same = CHANGING.sub("", printed)
    return " ".join(COUNTS.sub("", same).split()) if " explain " in code else same


def write(page: Path, lake: Path) -> None:
    """Write into a page what its commands print."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "lake").symlink_to(lake.resolve())
        printed = iter([block.printed for block in follow(page, Path(folder))])

    def told(found: re.Match[str]) -> str:
        now, (language, code, output) = next(printed), found.groups()
        return found[0] if output is None else f"```{language}\n{code}```\n\n```text\n{now}```\n"

    page.write_text(BLOCK.sub(told, page.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    for each in PAGES:
        write(each, Path(sys.argv[1]))
