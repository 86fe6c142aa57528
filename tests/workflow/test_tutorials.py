"""A newcomer follows the tutorials, command by command, and sees what they say."""

import json
import re

import pytest

from tests.support.tutorials import PAGES, ROOT, comparable, follow

MACHINE = json.loads((ROOT / "statemachine" / "pipeline.asl.json").read_bytes())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_commands_of_a_tutorial_print_what_it_says(page, published, tmp_path):
    (tmp_path / "lake").symlink_to(published[0])
    compared = 0

    for block in follow(page, tmp_path):
        if block.told is not None:
            compared += 1
            assert comparable(block.code, block.told) == comparable(block.code, block.printed), (
                f"{block.code}Write what is true now: python -m tests.support.tutorials LAKE"
            )

    assert compared > 5


def states_of(states: dict) -> set[str]:
    inner = [state["ItemProcessor"]["States"] for state in states.values() if state["Type"] == "Map"]
    return states.keys() | {name for each in inner for name in states_of(each)}


def test_the_students_tutorial_explains_every_state():
    page = (ROOT / "docs" / "tutorial-student.md").read_text("utf-8")

    assert states_of(MACHINE["States"]) <= set(re.findall(r"`([A-Z]\w+\??)`", page))
