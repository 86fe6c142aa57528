"""The README's figures are those of the pages that measured them, and its pictures are described."""

import csv
import re
from pathlib import Path

import pytest

from benchmarks.page import load

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "README.md").read_text("utf-8")
NUMBER = re.compile(r"\d[\d,.]*\d")
PROMISES = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.partition("| promise |")[2].partition("\n\n")[0].splitlines()[2:]
]


def page_behind(cell: str) -> str:
    """The text of the page that a cell links to."""
    (link,) = re.findall(r"\]\(([^)#]+)", cell)
    return (ROOT / link).read_text("utf-8")


def test_the_costs_are_the_modelled_ones():
    table = re.search(r"^(\| tables \|.*\n)\|---.*\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    (costs,) = [details for details in load()["cost"].part.details if details.header[0] == "tables"]

    assert table
    assert [cell.strip() for cell in table[1].strip("|\n").split("|")] == costs.header
    for line in table[2].splitlines():
        assert [cell.strip() for cell in line.strip("|").split("|")] in [list(map(str, row)) for row in costs.rows]


def test_the_deployers_tutorial_has_the_same_costs():
    tutorial = (ROOT / "docs" / "tutorial-deployer.md").read_text("utf-8")

    (fifty,) = re.findall(r"^\| 50 \| (.*?) \| (.*?) \| (.*?) \|$", PAGE, re.MULTILINE)
    assert "{} USD the first time, {} if all are revised, {} if nothing is".format(*fifty) in tutorial
    assert re.findall(r"about \[([\d.]+) a month\]", PAGE) == re.findall(r"about \[([\d.]+) USD a month\]", tutorial)


def test_the_fixed_costs_are_the_guides():
    (monthly,) = re.findall(r"about \[([\d.]+) a month\]", PAGE)

    assert f"together {monthly} USD a month" in " ".join((ROOT / "docs" / "deploy.md").read_text("utf-8").split())


@pytest.mark.parametrize(("promise", "measured", "by"), PROMISES, ids=[row[0][:24] for row in PROMISES])
def test_a_figure_is_on_the_page_that_proves_it_and_its_command_exists(promise, measured, by):
    command = by.strip("`").partition("`")[0]
    documented = sum(
        len(list(csv.reader(path.open(encoding="utf-8", newline="")))) - 1
        for path in (ROOT / "tests" / "local" / "documented").glob("*.csv")
    )
    known = {str(documented), *(number.strip(",.") for number in NUMBER.findall(page_behind(by)))}

    assert set(NUMBER.findall(measured)) <= known
    for word in command.split():
        if word.startswith("tests/"):
            assert (ROOT / word).exists()
        elif word.startswith("benchmarks."):
            assert (ROOT / word.replace(".", "/")).with_suffix(".py").exists()


def test_every_picture_has_words_for_those_who_do_not_see_it():
    pictures = re.findall(r"!\[([^\]]*)\]\((docs/images/[^)]+)\)", PAGE)

    assert len(pictures) >= 4
    assert all(len(words) > 40 and (ROOT / file).exists() for words, file in pictures)


def test_every_decision_is_listed():
    folder = ROOT / "docs" / "decisions"

    listed = re.findall(r"^- \d+: \[(.+)\]\((.+)\)$", (folder / "README.md").read_text("utf-8"), re.MULTILINE)
    assert listed == [
        (path.read_text("utf-8").splitlines()[0].removeprefix("# "), path.name) for path in sorted(folder.glob("0*.md"))
    ]


def test_every_page_is_in_the_table_of_contents():
    contents = (ROOT / "zensical.toml").read_text("utf-8")

    assert all(f'"docs/{page.name}"' in contents for page in (ROOT / "docs").glob("*.md"))
