"""Every command: its examples and those of the documentation work, `--json` is one document, errors say what to do."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner, Result

from local.cli.app import COMMANDS, app
from tests.support.laptop import SINGSTAT

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMAND = re.compile(r"^(?:\.venv/bin/)?singstat\s+(?=[a-z])(.*?)\s*&?$")
# Examples of the help that change a lake: run in this order, on a copy.
CHANGING = ("run", "rollback", "catalogue", "set-list", "remove-list", "costs", "forget")
# test_interrupts.py, test_api_runs.py and the tests of the browser run them as processes.
ELSEWHERE = {"browse", "redrive", "serve"}
# Of the documentation, these are only parsed; the examples of their help are run. So is what needs the internet or a
# second edition. One word, as in `singstat query`, only names a command; its help's examples run it.
ONLY_PARSED = {*CHANGING, *ELSEWHERE}
NEEDS_MORE = ("--live", "--from")
PLACEHOLDERS = {"TABLE": "M212161", "NAME": "mine", "LIST": "monthly"}


def singstat(*words: str, lake: Path, width: int = 200) -> Result:
    return CliRunner().invoke(app, [*words, "--lake", str(lake)], env={"COLUMNS": str(width)})


def shown_examples(command: str) -> list[str]:
    """Those in the help of a command, on a terminal of 80 columns."""
    text = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "80"}).stdout
    return [line.strip().removeprefix("singstat ") for line in text.splitlines() if line.startswith(" singstat ")]


def documented() -> Iterator[tuple[str, str]]:
    """The commands in the code of README and documentation, with the name of the page."""
    for page in PAGES:
        text = page.read_text("utf-8")
        blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.S | re.M)
        spans = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.S | re.M))
        for line in [*(line for block in blocks for line in block.splitlines()), *spans]:
            if found := COMMAND.match(line.partition(" #")[0].strip()):
                yield page.name, found[1]


EXAMPLES = {name: shown_examples(name) for name in get_command(app).commands}
READING = [line for name, lines in EXAMPLES.items() if name not in ONLY_PARSED for line in lines]
DOCUMENTED = sorted(set(documented()))
RUN, PARSED = [], []
for page, line in DOCUMENTED:
    name, *rest = line.split()
    if name in ONLY_PARSED or any(word in rest for word in NEEDS_MORE):
        PARSED.append((page, line))
    elif rest and line not in READING:
        RUN.append((page, line))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory, in which commands may write."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def words_of(line: str, result: dict[str, Any]) -> list[str]:
    """The words of a documented command, its placeholders replaced."""
    known = PLACEHOLDERS | {"RUN": result["run_id"]}
    return [known.get(word, word) for word in shlex.split(line.replace("SELECT ...", "SELECT count(*)"))]


def test_every_command_has_examples_that_fit_80_columns():
    written = {line for group in COMMANDS.values() for lines in group.values() for line in lines.splitlines()}

    assert all(EXAMPLES.values()), EXAMPLES
    assert {line for lines in EXAMPLES.values() for line in lines} == written


@pytest.mark.parametrize("line", READING)
def test_an_example_of_the_help_works_and_has_json(line, published, folder):
    lake, _ = published
    words = shlex.split(line)
    shown, asked = singstat(*words, lake=lake), singstat(*words, "--json", lake=lake)

    assert (shown.exit_code, asked.exit_code) == (0, 0), (shown.output, asked.output)
    assert asked.stderr == ""
    assert json.loads(asked.stdout) is not None
    assert len(asked.stdout.splitlines()) == 1
    assert "\x1b" not in shown.output


def test_the_examples_that_change_a_lake_work_and_have_json(published, folder):
    lake = Path(shutil.copytree(published[0], folder / "lake"))
    lines = [line for name in CHANGING for line in EXAMPLES[name]]
    answers = {}
    for line in lines:
        done = singstat(*shlex.split(line), "--json", lake=lake)
        assert (done.exit_code, done.stderr) == (0, ""), (line, done.output)
        answers[line] = json.loads(done.stdout)

    assert {table["status"] for table in answers["run"]["tables"]} == {"unchanged"}
    assert answers["set-list mine M212161 M213751"] == {"list": "mine", "tables": ["M212161", "M213751"]}
    assert answers["rollback M212161 --to 2026-07-24"]["edition"] == "2026-07-24.1"
    assert answers["catalogue"]["retired"] == 0
    forgotten = answers["forget M212161 --vintage 2026-07-24"]
    assert (forgotten["edition"], Path(forgotten["record"]).is_file()) == (None, True)
    assert singstat("tables", "--json", lake=lake).stdout.count("M212161") == 0


@pytest.mark.parametrize(("page", "line"), RUN, ids=str)
def test_a_documented_command_that_reads_works(page, line, published, folder):
    lake, result = published
    done = singstat(*words_of(line, result), lake=lake)

    assert done.exit_code == 0, done.output


@pytest.mark.parametrize(("page", "line"), PARSED, ids=str)
def test_any_other_documented_command_is_parsed(page, line, published):
    name, *words = words_of(line, published[1])

    if words:
        assert get_command(app).commands[name].make_context(name, words).params


def test_the_documentation_names_commands_and_targets_that_exist():
    names = {line.split()[0] for _, line in DOCUMENTED}
    text = "\n".join(page.read_text("utf-8") for page in PAGES)
    targets = set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.M))
    rules = set(re.findall(r"^([a-z-]+)[^\n:=]*:(?!=)", (ROOT / "Makefile").read_text("utf-8"), re.M))

    assert {"run", "query", "chart"} <= names <= set(EXAMPLES)
    assert {"run", "test", "build"} <= targets <= rules


def test_a_command_that_reads_does_not_wait_for_the_laptop_s_aws():
    code = "import sys, local.cli.app; print({'moto', 'botocore', 'matplotlib', 'pandas'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout == "set()\n"


def test_json_is_the_same_by_both_options_and_keeps_all_digits(published):
    lake, _ = published
    sql = "SELECT CAST('-12345678901234567890.123456789012345678' AS decimal(38, 18)) AS value"
    by_format = singstat("query", sql, "--format", "json", lake=lake).stdout
    by_json = singstat("query", sql, "--json", lake=lake).stdout
    chart = json.loads(singstat("chart", "M212161", "--json", lake=lake).stdout)

    assert by_json == by_format
    assert json.loads(by_json) == [{"value": "-12345678901234567890.123456789012345678"}]
    assert {type(mark["value"]) for mark in chart["marks"]} == {str}


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("tables --jsn", 2, "No such option: --jsn (Possible options: --json)"),
        ("tabels", 2, "No such command 'tabels'. Did you mean 'tables'?"),
        ("run --list mnthly", 2, "there is no list 'mnthly': did you mean monthly?"),
        ("plan quartrly", 2, "there is no list 'quartrly': did you mean quarterly?"),
        ("lists yerly", 2, "there is no list 'yerly': did you mean yearly?"),
        ("chart M212162", 1, "did you mean M212161 (Housing"),
        ("rollback M212162 --to 2026-07-24", 1, "did you mean M212161 (Housing"),
        ("chart M212161 'HDB Resale Price Indx'", 1, "did you mean 1 (HDB Resale Price Index)?"),
        ("explain {run}x", 1, "did you mean {run}?"),
        ("report {run}x", 1, "did you mean {run}?"),
        ("redrive {run}x", 1, "did you mean {run}?"),
        ("query 'SELECT nothing FROM monthly'", 1, "COLUMN_NOT_FOUND"),
    ],
)
def test_an_error_says_what_was_meant_in_words_and_in_json(line, code, message, published):
    lake, result = published
    words = shlex.split(line.format(run=result["run_id"]))
    told, asked = singstat(*words, lake=lake), singstat(*words, "--json", lake=lake)
    error = json.loads(asked.stderr)

    wanted = message.format(run=result["run_id"])
    assert (told.exit_code, asked.exit_code, error["exit_code"]) == (code, code, code)
    assert (told.stdout, asked.stdout) == ("", "")
    assert wanted in error["error"]
    assert wanted in " ".join(told.stderr.replace("│", "").split())


def test_a_reader_that_leaves_early_is_no_error(published):
    sql = "SELECT * FROM monthly UNION ALL SELECT * FROM monthly"
    line = f"{shlex.join([str(SINGSTAT), 'query', sql, '--format', 'csv', '--lake', str(published[0])])} | head -1"
    done = subprocess.run(line, shell=True, capture_output=True, text=True, check=False)  # noqa: S602

    assert (done.stdout.count("\n"), done.stderr) == (1, "")
