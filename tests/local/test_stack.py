"""How the laptop creates the template's resources."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.cloud.aws import LocalAWS
from local.cloud.services.mailbox import mails
from local.cloud.stack.intrinsics import Intrinsics
from local.cloud.stack.resources import StackError
from local.cloud.stack.template import HERE
from tests.support.doors import NOTHING

PLATFORM = Path(__file__).parent / "platform"
ACCOUNT = "123456789012"


@pytest.fixture(scope="class")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAWS]:
    parameters = {"Greeting": "good day", "Pauses": "4,5"}
    with LocalAWS(tmp_path_factory.mktemp("lake"), PLATFORM / "template.yaml", parameters) as running:
        yield running


class TestDeployed:
    def test_names_are_the_templates_or_derived_from_the_logical_id(self, aws: LocalAWS) -> None:
        assert aws.resource("Bucket") == "singstat-bucket"
        assert aws.resource("Plain") == f"plain-{ACCOUNT}"
        assert aws.resource("Topic") == f"arn:aws:sns:ap-southeast-1:{ACCOUNT}:singstat-topic"
        assert aws.attribute("WorkFunction", "Arn").endswith(":function:singstat-WorkFunction-laptop")
        assert aws.attribute("WorkFunctionRole", "Arn") == f"arn:aws:iam::{ACCOUNT}:role/singstat-workfunctionrole"

    def test_services_have_the_resources(self, aws: LocalAWS) -> None:
        assert aws.client("s3").get_bucket_versioning(Bucket="singstat-bucket")["Status"] == "Enabled"
        topic = aws.client("sns").get_topic_attributes(TopicArn=aws.resource("Topic"))["Attributes"]
        assert topic["KmsMasterKeyId"] == aws.resource("Key")
        document = aws.client("iam").get_role_policy(RoleName="singstat-machinerole", PolicyName="MachineRolePolicy0")
        assert document["PolicyDocument"]["Statement"][1]["Resource"] == "arn:aws:s3:::singstat-bucket/*"

    def test_a_resource_with_a_false_condition_is_not_created(self, aws: LocalAWS) -> None:
        names = [topic["TopicArn"].split(":")[-1] for topic in aws.client("sns").list_topics()["Topics"]]
        assert names == ["singstat-topic"]

    def test_for_each_creates_one_table_per_value(self, aws: LocalAWS) -> None:
        tables = aws.client("glue").get_tables(DatabaseName="shop")["TableList"]
        places = {table["Name"]: table["StorageDescriptor"]["Location"] for table in tables}
        assert places == {"orders": "s3://singstat-bucket/orders/", "returns": "s3://singstat-bucket/returns/"}

    def test_a_custom_resource_returns_its_functions_response(self, aws: LocalAWS) -> None:
        assert aws.resource("Registration") == "registration-Registration"
        assert aws.attribute("Registration", "Version") == "Create-3-4"  # numbers are passed as text

    def test_environment_variables_are_resolved(self, aws: LocalAWS) -> None:
        variables = aws.functions.deployed["singstat-WorkFunction-laptop"].variables
        assert variables == {
            "GREETING": "good day",
            "REGISTERED": "Create-3-4",
            "PAUSES": "4+5",
            "BUCKET": "singstat-bucket",
        }

    def test_a_parameter_has_its_value(self, aws: LocalAWS) -> None:
        assert aws.parameter("Greeting") == "good day"


TABLE = """
Resources:
  Database: {{Type: AWS::Glue::Database, Properties: {{DatabaseInput: {{Name: shop}}}}}}
  Table:
    Type: AWS::Glue::Table
    Properties:
      DatabaseName: !Ref Database
      TableInput:
        Name: orders
        Description: {description}
        PartitionKeys: [{{Name: day, Type: string}}]
        StorageDescriptor: {{Location: s3://shop/orders/, Columns: [{{Name: id, Type: string}}]}}
"""


def test_an_existing_table_is_updated_and_keeps_its_partitions(tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text(TABLE.format(description="old"))
    with LocalAWS(tmp_path / "lake", template) as first:
        partition = {"Values": ["monday"], "StorageDescriptor": {"Location": "s3://shop/orders/monday/"}}
        first.client("glue").create_partition(DatabaseName="shop", TableName="orders", PartitionInput=partition)
    template.write_text(TABLE.format(description="new"))
    with LocalAWS(tmp_path / "lake", template) as second:
        glue = second.client("glue")
        assert glue.get_table(DatabaseName="shop", Name="orders")["Table"]["Description"] == "new"
        found = glue.get_partitions(DatabaseName="shop", TableName="orders")["Partitions"]
        assert [one["StorageDescriptor"]["Location"] for one in found] == ["s3://shop/orders/monday/"]
        changed = glue.get_table(DatabaseName="shop", Name="orders")["Table"]["VersionId"]
    with LocalAWS(tmp_path / "lake", template) as third:
        table = third.client("glue").get_table(DatabaseName="shop", Name="orders")["Table"]
        assert int(table["VersionId"]) < int(changed)  # kept without a version; a table as declared gets none


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        ("Stream: {Type: AWS::Kinesis::Stream}", "Stream: AWS::Kinesis::Stream is neither in MAKERS nor in IGNORED"),
        ("Alias: {Type: AWS::KMS::Alias, Properties: {AliasName: alias/a, TargetKeyId: !Ref Key}}", "no resource Key"),
        (
            "One: {Type: AWS::SNS::Topic, DependsOn: Two}\n  Two: {Type: AWS::SNS::Topic, DependsOn: One}",
            "Circular dependency: One -> Two -> One",
        ),
        ("Alias: {Type: AWS::KMS::Alias, Properties: {AliasName: wrong, TargetKeyId: x}}", "Alias: "),
    ],
)
def test_a_resource_that_cannot_be_created_is_named(tmp_path: Path, resources: str, message: str) -> None:
    template = tmp_path / "template.yaml"
    template.write_text(f"Resources:\n  {resources}\n")
    with pytest.raises(StackError, match=message), LocalAWS(tmp_path / "lake", template):
        pass


TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}


def document(characters: int) -> dict[str, Any]:
    """A policy document of the given size as IAM counts it, with white space added by json.dumps."""
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
    }
    policy["Statement"][0]["Sid"] = "x" * (characters - len(json.dumps(policy, separators=(",", ":"))))
    return policy


def trust(characters: int) -> dict[str, Any]:
    padded = TRUST["Statement"][0] | {"Sid": ""}
    padded["Sid"] = "x" * (characters - len(json.dumps({"Statement": [padded]}, separators=(",", ":"))))
    return {"Statement": [padded]}


def role(*sizes: int) -> dict[str, Any]:
    policies = [{"PolicyName": str(number), "PolicyDocument": document(size)} for number, size in enumerate(sizes)]
    return {"AssumeRolePolicyDocument": TRUST, "Policies": policies}


def environment(size: int) -> dict[str, Any]:
    """A function whose variables have the given size as JSON."""
    value = "é" + "x" * (size - len('{"A":""}') - len("\\u00e9"))
    code = {"S3Bucket": HERE, "S3Key": "functions"}
    return {"Code": code, "Handler": "work.handler", "Role": "any", "Environment": {"Variables": {"A": value}}}


@pytest.mark.parametrize(
    ("kind", "fits", "exceeds", "message"),
    [
        ("AWS::Lambda::Function", environment(4096), environment(4097), "exceeded the 4KB limit"),
        ("AWS::IAM::Role", role(5240, 5000), role(5240, 5001), "Maximum policy size of 10240 bytes exceeded for role"),
        (
            "AWS::IAM::Role",
            {"AssumeRolePolicyDocument": trust(2048)},
            {"AssumeRolePolicyDocument": trust(2049)},
            "Cannot exceed quota for ACLSizePerRole: 2048",
        ),
        (
            "AWS::IAM::ManagedPolicy",
            {"PolicyDocument": document(6144)},
            {"PolicyDocument": document(6145)},
            "Cannot exceed quota for PolicySize: 6144",
        ),
    ],
)
def test_a_resource_over_its_quota_is_not_deployed(
    tmp_path: Path, kind: str, fits: dict[str, Any], exceeds: dict[str, Any], message: str
) -> None:
    (tmp_path / "functions").symlink_to(PLATFORM / "functions")
    template = tmp_path / "template.yaml"
    template.write_text(json.dumps({"Resources": {"It": {"Type": kind, "Properties": fits}}}))
    with LocalAWS(tmp_path / "lake", template) as aws:
        assert aws.resource("It")
    template.write_text(json.dumps({"Resources": {"It": {"Type": kind, "Properties": exceeds}}}))
    with pytest.raises(StackError, match=f"It: .*{message}"), LocalAWS(tmp_path / "lake", template):
        pass


def test_execution_names_stay_used_for_90_days(tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    machine = {"DefinitionString": json.dumps(NOTHING), "RoleArn": "arn:aws:iam::123456789012:role/any"}
    resources = {"Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": machine}}
    template.write_text(json.dumps({"Resources": resources}))
    with LocalAWS(tmp_path / "lake", template) as first:
        first.start({}, "yearly")
    with LocalAWS(tmp_path / "lake", template) as second:
        with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
            second.start({}, "yearly")
        (used,) = (tmp_path / "lake" / ".execution-names").iterdir()
        os.utime(used, times=(0, time.time() - 91 * 86_400))
        assert second.start({}, "yearly").endswith(":yearly")


def alarm(**properties: Any) -> dict[str, Any]:
    plain = {"Namespace": "AWS/Lambda", "MetricName": "Errors", "AlarmActions": [{"Ref": "Topic"}]}
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": plain | properties}


def test_an_alarm_mails_its_first_transition(tmp_path: Path) -> None:
    resources = {
        "Topic": {"Type": "AWS::SNS::Topic"},
        "Quiet": alarm(TreatMissingData="notBreaching"),
        "Mailing": alarm(TreatMissingData="notBreaching", OKActions=[{"Ref": "Topic"}]),
        "Waiting": alarm(OKActions=[{"Ref": "Topic"}]),
        "Breaching": alarm(TreatMissingData="breaching"),
    }
    (tmp_path / "template.yaml").write_text(json.dumps({"Resources": resources}))
    with LocalAWS(tmp_path / "lake", tmp_path / "template.yaml"):
        pass
    subjects = sorted(mail.subject for mail in mails(tmp_path / "lake"))
    assert subjects == ['ALARM: "singstat-breaching" in ap-southeast-1', 'OK: "singstat-mailing" in ap-southeast-1']


def test_a_fresh_deployment_of_the_template_sends_no_mail(tmp_path: Path) -> None:
    with LocalAWS(tmp_path / "lake"):
        pass
    assert mails(tmp_path / "lake") == []


def test_a_failed_custom_resource_stops_the_deployment(tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    (tmp_path / "functions").symlink_to(PLATFORM / "functions")
    template.write_text("""
Transform: AWS::Serverless-2016-10-31
Resources:
  Register:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: functions, Handler: register.handler, Runtime: python3.13}
  Bad:
    Type: Custom::Registration
    Properties: {ServiceToken: !GetAtt Register.Arn, Count: 1, Colour: none, Shapes: [round, {corners: 0}]}
""")
    with pytest.raises(StackError, match="Bad: no colour"), LocalAWS(tmp_path / "lake", template):
        pass


def test_intrinsics() -> None:
    template = {
        "Parameters": {"Size": {"Type": "Number", "Default": 3}, "Zones": {"Type": "CommaDelimitedList"}},
        "Conditions": {
            "Small": {"Fn::Equals": [{"Ref": "Size"}, "3"]},
            "Both": {"Fn::And": [{"Condition": "Small"}, {"Fn::Not": [{"Fn::Equals": ["a", "a"]}]}]},
        },
        "Mappings": {"Sizes": {"ap-southeast-1": {"3": "small"}}},
    }
    values = Intrinsics(template, {"Zones": "a,b"}, "id-of-{}".format, "{}/{}".format)
    cases = [
        ({"Fn::Sub": "${Queue}-${Queue.Arn}-${AWS::Partition}-${!Literal}"}, "id-of-Queue-Queue/Arn-aws-${Literal}"),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "AWS::Region"}, "3"]}, "small"),
        ({"Fn::Sub": ["${a}${Size}", {"a": {"Fn::Select": [1, {"Ref": "Zones"}]}}]}, "b3"),
        ({"Fn::If": ["Small", {"Fn::Join": ["+", {"Ref": "Zones"}]}, "big"]}, "a+b"),
        ({"Fn::If": ["Both", 1, {"Fn::GetAtt": ["Queue", "Name"]}]}, "Queue/Name"),
        ({"kept": [1, {"Ref": "AWS::NoValue"}], "gone": {"Ref": "AWS::NoValue"}}, {"kept": [1]}),
        ({"Fn::Select": [1, {"Fn::GetAZs": ""}]}, "ap-southeast-1b"),
        ({"Fn::ToJsonString": {"n": {"Fn::Length": {"Ref": "Zones"}}}}, '{"n": 2}'),
    ]
    for expression, expected in cases:
        assert values.resolve(expression) == expected


def test_parameters_are_checked() -> None:
    template = {"Parameters": {"Size": {"Type": "Number"}}}
    with pytest.raises(ValueError, match="needs a value for parameter Size"):
        Intrinsics(template, {}, str, lambda *_: "")
    with pytest.raises(ValueError, match="has no parameter Sise"):
        Intrinsics(template, {"Sise": "3"}, str, lambda *_: "")
