"""Every rule on the application itself: with its defaults and with every option reversed."""

import pytest

from tests.template.rules import RULES
from tests.template.rules.application import load


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("opted", [False, True], ids=["default", "opted"])
def test_the_application_keeps_the_rule(opted, rule):
    findings = list(RULES[rule](load(opted=opted)))

    assert not findings, "\n".join(findings)
