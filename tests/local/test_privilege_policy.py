"""Evaluation of policy statements, and AccessDenied as boto3 receives it."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.cloud.iam.policy import Need, PolicyError, Statement, decide
from local.cloud.iam.refusal import refusal
from tests.support.sent_requests import client, response, sent

ROLE = "arn:aws:iam::123456789012:role/job"
MESSAGE = "User: a <b> is not authorized"


def statement(**parts: Any) -> Statement:
    return Statement.read({"Sid": "One", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", **parts})


@pytest.mark.parametrize(
    ("parts", "need", "allowed"),
    [
        ({}, Need("s3:GetObject", "arn:aws:s3:::data/a"), True),
        ({"Action": "S3:getobject"}, Need("s3:GetObject", "arn:aws:s3:::data/a"), True),
        ({"Action": "s3:Get*"}, Need("s3:GetObject", "arn:aws:s3:::data/a"), True),
        ({"Action": "s3:Put*"}, Need("s3:GetObject", "arn:aws:s3:::data/a"), None),
        ({"Effect": "Deny"}, Need("s3:GetObject", "arn:aws:s3:::data/a"), False),
        ({"Resource": "arn:aws:s3:::data/*"}, Need("s3:GetObject", "arn:aws:s3:::data/a/b"), True),
        ({"Resource": "arn:aws:s3:::data/?"}, Need("s3:GetObject", "arn:aws:s3:::data/ab"), None),
        ({"Resource": "arn:aws:s3:::data/*"}, Need("s3:GetObject", "arn:aws:s3:::database/a"), None),
        ({"Resource": ["arn:aws:s3:::x", "arn:aws:s3:::data/A"]}, Need("s3:GetObject", "arn:aws:s3:::data/a"), None),
        (
            {"Action": "s3:ListBucket", "Condition": {"StringLike": {"s3:prefix": ["runs/*"]}}},
            Need("s3:ListBucket", "arn:aws:s3:::data", {"s3:prefix": "runs/1"}),
            True,
        ),
        (
            {"Action": "s3:ListBucket", "Condition": {"StringLike": {"s3:prefix": ["runs/*"]}}},
            Need("s3:ListBucket", "arn:aws:s3:::data"),
            None,
        ),
        (
            {"Action": "s3:ListBucket", "Condition": {"StringLikeIfExists": {"s3:prefix": ["runs/*"]}}},
            Need("s3:ListBucket", "arn:aws:s3:::data"),
            True,
        ),
        (
            {"Action": "s3:ListBucket", "Condition": {"StringLikeIfExists": {"s3:prefix": ["runs/*"]}}},
            Need("s3:ListBucket", "arn:aws:s3:::data", {"s3:prefix": "costs/"}),
            None,
        ),
        (
            {"Action": "ec2:RunInstances", "Condition": {"Bool": {"ec2:IsLaunchTemplateResource": True}}},
            Need("ec2:RunInstances", "*", {"ec2:IsLaunchTemplateResource": "true"}),
            True,
        ),
        (
            {"Action": "ec2:RunInstances", "Condition": {"Bool": {"ec2:IsLaunchTemplateResource": "true"}}},
            Need("ec2:RunInstances", "*", {"ec2:IsLaunchTemplateResource": "false"}),
            None,
        ),
        (
            {"Action": "s3:ListBucket", "Condition": {"Null": {"s3:prefix": "true"}}},
            Need("s3:ListBucket", "arn:aws:s3:::data"),
            True,
        ),
        (
            {"Action": "s3:ListBucket", "Condition": {"Null": {"s3:prefix": "true"}}},
            Need("s3:ListBucket", "arn:aws:s3:::data", {"s3:prefix": ""}),
            None,
        ),
        (
            {"Action": "iam:PassRole", "Condition": {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}},
            Need("iam:PassRole", ROLE, {"iam:PassedToService": "databrew.amazonaws.com"}),
            None,
        ),
        (
            {"Action": "ec2:*", "Condition": {"StringEquals": {"aws:ResourceTag/application": ["shop", "run"]}}},
            Need("ec2:TerminateInstances", "arn:aws:ec2:::instance/i-1", {"aws:ResourceTag/application": "run"}),
            True,
        ),
    ],
)
def test_a_statement_matches(parts: dict[str, Any], need: Need, allowed: bool | None) -> None:
    decision = decide([statement(**parts)], need)

    assert (decision.allowed if decision else None) is allowed


def test_a_deny_overrides_and_the_first_allow_is_reported() -> None:
    need = Need("s3:GetObject", "arn:aws:s3:::data/a")
    allowing = [statement(Sid="First", Resource="arn:aws:s3:::data/*"), statement(Sid="Second")]
    first, denied = decide(allowing, need), decide([*allowing, statement(Sid="Never", Effect="Deny")], need)

    assert first is not None
    assert first == (True, "First", "arn:aws:s3:::data/*")
    assert denied == (False, "Never", "*")


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({"Condition": {"StringEquals": {"aws:SourceIp": "::1"}}}, "aws:SourceIp, which the laptop does not supply"),
        ({"Condition": {"NumericLessThan": {"s3:prefix": "1"}}}, "NumericLessThan"),
        ({"NotAction": "s3:*"}, "has NotAction"),
    ],
)
def test_an_unsupported_element_is_an_error(parts: dict[str, Any], why: str) -> None:
    with pytest.raises(PolicyError, match=why):
        statement(**parts)


@pytest.mark.parametrize(
    ("service", "method", "arguments", "status", "code"),
    [
        ("s3", "get_object", {"Bucket": "data", "Key": "a"}, 403, "AccessDenied"),
        ("s3", "head_object", {"Bucket": "data", "Key": "a"}, 403, "403"),
        ("glue", "get_database", {"Name": "shop"}, 400, "AccessDeniedException"),
        ("databrew", "delete_job", {"Name": "j"}, 403, "AccessDeniedException"),
        ("sns", "publish", {"TopicArn": "arn:aws:sns:x:y:z", "Message": "m"}, 403, "AuthorizationError"),
        ("ec2", "describe_instances", {}, 403, "UnauthorizedOperation"),
    ],
)
def test_a_refusal_is_parsed_by_boto3(
    service: str, method: str, arguments: dict[str, Any], status: int, code: str
) -> None:
    answer = refusal(sent(service, method, **arguments), service, MESSAGE)
    given = response(int(answer.status.split()[0]), dict(answer.headers), answer.body)
    with pytest.raises(ClientError) as refused:
        getattr(client(service, lambda _: given), method)(**arguments)

    found = refused.value.response
    assert (found["ResponseMetadata"]["HTTPStatusCode"], found["Error"]["Code"]) == (status, code)
    assert found["Error"]["Message"] == ("Forbidden" if code == "403" else MESSAGE)
