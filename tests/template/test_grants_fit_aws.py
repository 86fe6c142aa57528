"""Every granted action exists and is granted on resources that it takes, as AWS's authorization reference has it."""

import re
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from local.cloud.template import TEMPLATE, load_template

reference = pytest.importorskip("policy_sentry.querying.actions", reason="not checked: policy-sentry is missing")

# The reference says that these take no resource; AWS's refusals name the state machine, and AWS's CDK grants on it.
TAKE_A_RESOURCE_ALL_THE_SAME = {"states:SendTaskHeartbeat", "states:SendTaskSuccess", "states:SendTaskFailure"}
KNOWN = {"AWS::Partition": "aws", "AWS::Region": "region", "AWS::AccountId": "account", "AWS::StackName": "stack"}
ARNS = {
    "AWS::IAM::Role": "arn:aws:iam::account:role/name",
    "AWS::KMS::Key": "arn:aws:kms:region:account:key/id",
    "AWS::Lambda::Function": "arn:aws:lambda:region:account:function:name",
    "AWS::Logs::LogGroup": "arn:aws:logs:region:account:log-group:name:*",
    "AWS::S3::Bucket": "arn:aws:s3:::bucket",
    "AWS::SNS::Topic": "arn:aws:sns:region:account:topic",
    "AWS::SQS::Queue": "arn:aws:sqs:region:account:queue",
    "AWS::StepFunctions::StateMachine": "arn:aws:states:region:account:stateMachine:name",
}


def load() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        return load_template(TEMPLATE, Path(folder))


APPLICATION = load()


def arn(value: Any) -> str:
    """A resource of a statement, its references replaced by examples of the right form."""
    if isinstance(value, str):
        return value
    ((function, argument),) = value.items()
    if function == "Fn::If":
        return arn(argument[1])
    if function == "Fn::Sub":
        return re.sub(r"\$\{([^}]+)\}", lambda found: KNOWN.get(found[1]) or arn({"Ref": found[1]}), argument)
    logical_id, _, attribute = (
        ".".join(argument).partition(".") if isinstance(argument, list) else argument.partition(".")
    )
    if attribute == "Name":
        return "name"
    return ARNS.get(APPLICATION["Resources"][logical_id]["Type"], "name")


def statements() -> Iterator[Any]:
    for name, body in APPLICATION["Resources"].items():
        for policy in body.get("Properties", {}).get("Policies", []) if body["Type"] == "AWS::IAM::Role" else []:
            for number, statement in enumerate(policy["PolicyDocument"]["Statement"]):
                yield pytest.param(statement, id=f"{name}-{statement.get('Sid', number)}")


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def forms(action: str) -> set[str]:
    """The forms of the resources that an action takes, `*` for each of their variables; none if it takes only `*`."""
    service, name = action.split(":")
    known = reference.get_action_data(service, name)
    assert known, f"AWS knows no action {action}"
    return {re.sub(r"\$\{[^}]+\}", "*", entry["resource_arn_format"]) for entry in known[service]} - {"*"}


@cache
def overlap(one: str, other: str) -> bool:
    """Whether some text fits both patterns, in which `*` stands for any text."""
    if not one or not other:
        return not (one + other).strip("*")
    if one[0] == "*" or other[0] == "*":
        return (one[0] == "*" and (overlap(one[1:], other) or overlap(one, other[1:]))) or (
            other[0] == "*" and (overlap(one, other[1:]) or overlap(one[1:], other))
        )
    return one[0] == other[0] and overlap(one[1:], other[1:])


def takes(action: str, resource: str) -> bool:
    of_a_bucket = {form for form in forms(action) if form.endswith(":::*") and "/" in resource}
    return any(overlap(form, resource) for form in forms(action) - of_a_bucket)


@pytest.mark.parametrize("statement", [*statements()])
def test_a_statement_has_actions_that_exist_on_resources_that_they_take(statement):
    actions, resources = listed(statement["Action"]), [arn(one) for one in listed(statement["Resource"])]

    for action in set(actions) - TAKE_A_RESOURCE_ALL_THE_SAME:
        assert any(resource == "*" or takes(action, resource) for resource in resources), f"{action} is never allowed"
    for resource in set(resources) - {"*"}:
        if not set(actions) <= TAKE_A_RESOURCE_ALL_THE_SAME:
            assert any(takes(action, resource) for action in actions), f"no action takes {resource}"
