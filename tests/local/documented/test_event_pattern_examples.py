"""EventBridge's rules on the laptop match as documented."""

import json

import pytest

from local.cloud.services.event_pattern import matches
from local.cloud.services.event_rules import Rule
from tests.local.documented import REFUSED, rows


@pytest.mark.parametrize("row", rows("event-patterns"), ids=lambda row: f"{row['pattern'][:60]} {row['event'][:30]}")
def test_event_patterns(row: dict[str, str]) -> None:
    try:
        rule = Rule(json.loads(row["pattern"]), [])
        found = json.dumps(matches(rule.pattern, json.loads(row["event"])))
    except ValueError as error:
        found = REFUSED if str(error).startswith(f"{REFUSED}: ") else "invalid"
    assert found == row["expected"]
