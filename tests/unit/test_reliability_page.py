"""docs/reliability.md names every fault once or more, and tests that exist."""

import re
from pathlib import Path

import pytest
from pipeline.contracts import keys

from tests.support.aws_cases import ALL as AWS_CASES
from tests.support.source_cases import CASES as SOURCE_CASES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reliability.md").read_text("utf-8")
FAULTS = [*range(1, 25), *range(30, 57)]
KNOWN = {f"F{number:02}" for number in FAULTS} | {f"H{number:02}" for number in range(1, 13)}
RULES = re.findall(r"Prefix: (\S+)/, ExpirationInDays: (?:!Ref )?(\w+)}", (ROOT / "template.yaml").read_text("utf-8"))
QUOTED = re.findall(r"`((?:source|aws)\[.*?\]|tests/\S+?\.py::[^`]+)`", PAGE)


def test_every_fault_has_a_test_or_a_reason():
    assert set(re.findall(r"^\| ([FH]\d\d) \|", PAGE, re.MULTILINE)) == KNOWN


@pytest.mark.parametrize("test", sorted(set(QUOTED)))
def test_a_named_test_exists(test):
    if case := re.fullmatch(r"(source|aws)\[(.*)\]", test):
        assert case[2] in {"source": SOURCE_CASES, "aws": AWS_CASES}[case[1]]
        return
    path, _, name = test.partition("::")
    name, _, case_id = name.partition("[")
    source = (ROOT / path).read_text("utf-8")
    assert f"def {name}(" in source
    assert case_id.removesuffix("]") in source


def test_every_kind_of_object_says_how_long_it_is_kept():
    kept = dict(re.findall(r"^\| `(\w+)/` \|.*\| (.+?) \|$", PAGE, re.MULTILINE))
    prefixes = {value.removesuffix("/") for name, value in vars(keys).items() if name.isupper()}

    assert {name: text.replace("`", "") for name, text in kept.items() if "days" in text} == {
        prefix: f"{days} days" for prefix, days in RULES
    }
    assert prefixes <= kept.keys()
