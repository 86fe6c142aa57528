"""Trust policies: whether a service may assume a role with the condition keys it is documented to send."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from local.cloud.account import ACCOUNT
from local.cloud.iam.policy import TRUST_KEYS, Need, Statement, decide, listed

ASSUME_ROLE = "sts:AssumeRole"


class Sent(NamedTuple):
    """The condition keys that a service sends, and the page of AWS's documentation that says so."""

    keys: frozenset[str]
    page: str


SOURCE = frozenset({"aws:SourceAccount", "aws:SourceArn"})
NONE: frozenset[str] = frozenset()
# By service principal. A key that no page promises is taken as not sent: a trust policy that requires it is refused.
CONDITION_KEYS_SENT: Mapping[str, Sent] = {
    "apigateway.amazonaws.com": Sent(NONE, "API Gateway: Permissions model for creating and managing an API"),
    "databrew.amazonaws.com": Sent(NONE, "DataBrew: Adding an IAM role with data resource permissions"),
    "ec2.amazonaws.com": Sent(NONE, "EC2: IAM roles for Amazon EC2"),
    "events.amazonaws.com": Sent(SOURCE, "EventBridge: Cross-service confused deputy prevention"),
    "glue.amazonaws.com": Sent(NONE, "Glue: Create an IAM role for AWS Glue"),
    "lambda.amazonaws.com": Sent(NONE, "Lambda: Defining permissions with an execution role"),
    "scheduler.amazonaws.com": Sent(SOURCE, "EventBridge Scheduler: Cross-service confused deputy prevention"),
    "states.amazonaws.com": Sent(SOURCE, "Step Functions: Creating an IAM role for your state machine"),
}


class Trust(NamedTuple):
    """One statement of a trust policy and the service principals that it names."""

    principals: frozenset[str]
    statement: Statement


def read_trust(document: Mapping[str, Any]) -> list[Trust]:
    """The statements of a trust policy. Raises `PolicyError` if one cannot be evaluated."""
    return [_trust(source) for source in listed(document.get("Statement", []))]


def trusts(statements: list[Trust], principal: str, source_arn: str = "") -> bool:
    """Whether a service may assume the role on behalf of the resource `source_arn`."""
    values = {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": source_arn}
    context = {key: values[key] for key in CONDITION_KEYS_SENT[principal].keys}
    concerned = [trust.statement for trust in statements if trust.principals & {principal, "*"}]
    decision = decide(concerned, Need(ASSUME_ROLE, "*", context))
    return decision is not None and decision.allowed


def _trust(source: Mapping[str, Any]) -> Trust:
    principal = source["Principal"]
    services = listed(principal.get("Service", []) if isinstance(principal, dict) else principal)
    plain = {name: part for name, part in source.items() if name != "Principal"}
    return Trust(frozenset(services), Statement.read(plain | {"Resource": "*"}, TRUST_KEYS))
