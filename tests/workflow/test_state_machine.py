"""The state machine refuses bad input by name, whoever starts it."""

import time

import pytest

from local.cli.histories import read
from local.cli.story import summarise


def ended(aws, request_, name):
    execution = aws.start(request_, name)
    while aws.describe(execution)["status"] == "RUNNING":
        time.sleep(0.05)
    return summarise(name, request_, aws.describe(execution), read(aws, execution))


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        ({"tables": []}, "the list of tables is empty"),
        ({"tables": ["M2137511"]}, "is not a table id"),
        ({"dataset": "weekly"}, "there is no list 'weekly'"),
        ({}, "either tables or a list"),
        ({"tables": ["M213751"], "sql": "DROP"}, "unknown field `sql`"),
        ({"tables": "M213751"}, "Expected `array"),
        ({"tables": ["M213751"], "crawl": "never"}, "Invalid enum value"),
        ({"tables": ["M213751"], "force": "yes"}, "Expected `bool`"),
        (
            {"tables": ["M213751"], "forget": {"table": "M213751", "vintage": "2026-07-24"}},
            "or a refresh, rollback or forget",
        ),
        ({"rollback": {"table": "M213751", "to": "../x"}}, "neither a vintage nor an edition"),
    ],
)
def test_bad_input_is_a_named_error_of_plan_run(laptop, request_, why, request):
    story = ended(laptop.aws, request_, f"bad-{abs(hash(request.node.name))}")

    assert (story.status, story.error) == ("FAILED", "InputInvalid")
    assert why in story.cause
    assert "PlanRun: " in story.cause
    assert [state.name for state in story.states] == ["PlanRun"]
