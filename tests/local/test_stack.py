"""The template's resources as the laptop makes them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.cloud.aws import LocalAWS
from local.cloud.stack.intrinsics import Intrinsics
from local.cloud.stack.resources import StackError

PLATFORM = Path(__file__).parent / "platform"
ACCOUNT = "123456789012"


@pytest.fixture(scope="class")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAWS]:
    parameters = {"Greeting": "good day", "Pauses": "4,5"}
    with LocalAWS(tmp_path_factory.mktemp("lake"), PLATFORM / "template.yaml", parameters) as running:
        yield running


class TestDeployed:
    def test_names_are_the_templates_or_made_of_the_logical_id(self, aws: LocalAWS) -> None:
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

    def test_a_condition_that_does_not_hold_leaves_a_resource_out(self, aws: LocalAWS) -> None:
        names = [topic["TopicArn"].split(":")[-1] for topic in aws.client("sns").list_topics()["Topics"]]
        assert names == ["singstat-topic"]

    def test_loops_make_one_table_each(self, aws: LocalAWS) -> None:
        tables = aws.client("glue").get_tables(DatabaseName="shop")["TableList"]
        places = {table["Name"]: table["StorageDescriptor"]["Location"] for table in tables}
        assert places == {"orders": "s3://singstat-bucket/orders/", "returns": "s3://singstat-bucket/returns/"}

    def test_a_custom_resource_gives_its_functions_answer(self, aws: LocalAWS) -> None:
        assert aws.resource("Registration") == "registration-Registration"
        assert aws.attribute("Registration", "Version") == "Create-3-4"  # numbers arrive as text, the file is included

    def test_a_function_gets_its_variables_resolved(self, aws: LocalAWS) -> None:
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


def test_a_table_of_the_lake_gets_its_new_definition_and_keeps_its_partitions(tmp_path: Path) -> None:
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


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        ("Stream: {Type: AWS::Kinesis::Stream}", "Stream: AWS::Kinesis::Stream is neither in MAKERS nor in IGNORED"),
        ("Alias: {Type: AWS::KMS::Alias, Properties: {AliasName: alias/a, TargetKeyId: !Ref Key}}", "no resource Key"),
        (
            "One: {Type: AWS::SNS::Topic, DependsOn: Two}\n  Two: {Type: AWS::SNS::Topic, DependsOn: One}",
            "need each other: One -> Two -> One",
        ),
        ("Alias: {Type: AWS::KMS::Alias, Properties: {AliasName: wrong, TargetKeyId: x}}", "Alias: "),
    ],
)
def test_what_cannot_be_made_is_named(tmp_path: Path, resources: str, message: str) -> None:
    template = tmp_path / "template.yaml"
    template.write_text(f"Resources:\n  {resources}\n")
    with pytest.raises(StackError, match=message), LocalAWS(tmp_path / "lake", template):
        pass


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
