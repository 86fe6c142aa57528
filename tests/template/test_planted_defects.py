"""Tests of the rules: each known defect is planted alone, and its rule must find it."""

from copy import deepcopy
from functools import cache

import pytest

from tests.template.planted import DEFECTS, MODULES
from tests.template.planted.api import with_api
from tests.template.rules import RULES
from tests.template.rules.api import RULES as API_RULES
from tests.template.rules.application import Application, load


@cache
def sound() -> Application:
    """The application with a correct API."""
    copied = deepcopy(load(opted=False))
    with_api(copied)
    return copied


@cache
def found(defect: str) -> bool:
    """Whether its rule finds a defect in the right place."""
    rule, where, plant = DEFECTS[defect]
    planted = deepcopy(sound())
    plant(planted)
    return any(where in finding for finding in set(rule(planted)) - set(rule(sound())))


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_planted_defect_is_found_by_its_rule(defect):
    assert found(defect)


def test_an_api_as_it_should_be_has_no_findings():
    assert [finding for rule in API_RULES for finding in rule(sound())] == []


def test_of_all_planted_defects_at_most_one_is_missed():
    missed = [defect for defect in DEFECTS if not found(defect)]

    assert len(missed) <= 1
    assert len(DEFECTS) == sum(len(module.DEFECTS) for module in MODULES) >= 30


def test_every_rule_can_find_something():
    assert {defect.rule for defect in DEFECTS.values()} == set(RULES.values())
