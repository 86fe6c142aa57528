"""A stack's resources as described by moto's services, with a template's property names."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import jmespath
import yaml
from botocore.exceptions import ClientError

Client = Callable[[str], Any]


class Look(NamedTuple):
    """A call, and a JMESPath from its response to template properties; `$` is the physical id."""

    service: str
    operation: str
    parameters: dict[str, Any]
    where: str


def _look(service: str, operation: str, where: str = "@", **parameters: Any) -> Look:
    return Look(service, operation, parameters, where)


_ROUTE = "Routes[?GatewayId!='local']|[0]"
_EGRESS = "IpProtocol: IpProtocol, FromPort: FromPort, ToPort: ToPort, CidrIp: IpRanges[0].CidrIp"
_RULES = "ServerSideEncryptionConfiguration.Rules[].{ServerSideEncryptionByDefault: ApplyServerSideEncryptionByDefault}"
READ = {
    "AWS::CloudWatch::Dashboard": [_look("cloudwatch", "get_dashboard", DashboardName="$")],
    "AWS::EC2::InternetGateway": [
        _look("ec2", "describe_internet_gateways", "InternetGateways[0]", InternetGatewayIds=["$"])
    ],
    "AWS::EC2::LaunchTemplate": [
        _look("ec2", "describe_launch_template_versions", "LaunchTemplateVersions[0]", LaunchTemplateId="$")
    ],
    "AWS::EC2::Route": [
        _look(
            "ec2",
            "describe_route_tables",
            "RouteTables[?join('~', [RouteTableId, '0.0.0.0/0'])=='$']|[0].{RouteTableId: RouteTableId, "
            f"DestinationCidrBlock: {_ROUTE}.DestinationCidrBlock, GatewayId: {_ROUTE}.GatewayId}}",
        )
    ],
    "AWS::EC2::RouteTable": [_look("ec2", "describe_route_tables", "RouteTables[0]", RouteTableIds=["$"])],
    "AWS::EC2::SecurityGroup": [
        _look(
            "ec2",
            "describe_security_groups",
            "SecurityGroups[0].{VpcId: VpcId, GroupDescription: Description, "
            f"SecurityGroupEgress: IpPermissionsEgress[].{{{_EGRESS}}}}}",
            GroupIds=["$"],
        )
    ],
    "AWS::EC2::Subnet": [_look("ec2", "describe_subnets", "Subnets[0]", SubnetIds=["$"])],
    "AWS::EC2::SubnetRouteTableAssociation": [
        _look("ec2", "describe_route_tables", "RouteTables[0].Associations[0]", RouteTableIds=["$"])
    ],
    "AWS::EC2::VPC": [
        _look("ec2", "describe_vpcs", "Vpcs[0]", VpcIds=["$"]),
        *(
            _look("ec2", "describe_vpc_attribute", f"{{{name}: {name}.Value}}", VpcId="$", Attribute=f"e{name[1:]}")
            for name in ("EnableDnsHostnames", "EnableDnsSupport")
        ),
    ],
    "AWS::EC2::VPCEndpoint": [_look("ec2", "describe_vpc_endpoints", "VpcEndpoints[0]", VpcEndpointIds=["$"])],
    "AWS::EC2::VPCGatewayAttachment": [
        _look(
            "ec2",
            "describe_internet_gateways",
            "InternetGateways[0].{InternetGatewayId: InternetGatewayId, VpcId: Attachments[0].VpcId}",
            Filters=[{"Name": "attachment.vpc-id", "Values": ["$"]}],
        )
    ],
    "AWS::Events::Rule": [
        _look("events", "describe_rule", Name="$"),
        _look("events", "list_targets_by_rule", Rule="$"),
    ],
    "AWS::IAM::InstanceProfile": [
        _look("iam", "get_instance_profile", "InstanceProfile.{Roles: Roles[].RoleName}", InstanceProfileName="$")
    ],
    "AWS::IAM::ManagedPolicy": [
        _look("iam", "get_policy", "Policy", PolicyArn="$"),
        _look("iam", "get_policy_version", "{PolicyDocument: PolicyVersion.Document}", PolicyArn="$", VersionId="v1"),
    ],
    "AWS::IAM::Role": [_look("iam", "get_role", "Role", RoleName="$")],
    "AWS::KMS::Alias": [_look("kms", "list_aliases", "Aliases[?AliasName=='$']|[0]")],
    "AWS::KMS::Key": [
        _look("kms", "describe_key", "KeyMetadata", KeyId="$"),
        _look("kms", "get_key_policy", "{KeyPolicy: Policy}", KeyId="$", PolicyName="default"),
        _look("kms", "get_key_rotation_status", "{EnableKeyRotation: KeyRotationEnabled}", KeyId="$"),
    ],
    "AWS::Lambda::Function": [_look("lambda", "get_function_configuration", FunctionName="$")],
    "AWS::Logs::LogGroup": [
        _look(
            "logs",
            "describe_log_groups",
            "logGroups[0].{LogGroupName: logGroupName, RetentionInDays: retentionInDays, KmsKeyId: kmsKeyId}",
            logGroupNamePrefix="$",
        )
    ],
    "AWS::S3::Bucket": [
        _look(
            "s3",
            "get_bucket_encryption",
            f"{{BucketEncryption: {{ServerSideEncryptionConfiguration: {_RULES}}}}}",
            Bucket="$",
        )
    ],
    "AWS::SNS::Topic": [_look("sns", "get_topic_attributes", "Attributes", TopicArn="$")],
    "AWS::SQS::Queue": [_look("sqs", "get_queue_attributes", "Attributes", QueueUrl="$", AttributeNames=["All"])],
    "AWS::StepFunctions::StateMachine": [
        _look(
            "stepfunctions",
            "describe_state_machine",
            "{StateMachineName: name, DefinitionString: definition, RoleArn: roleArn}",
            stateMachineArn="$",
        )
    ],
}


def read(aws: Client, kind: str, physical_id: str) -> dict[str, Any]:
    """The properties of a resource as its service describes them; empty if it does not exist."""
    described: dict[str, Any] = {}
    try:
        for look in READ.get(kind, []):
            parameters = json.loads(json.dumps(look.parameters).replace("$", physical_id))
            answer = getattr(aws(look.service), look.operation)(**parameters)
            described |= jmespath.search(look.where.replace("$", physical_id), answer) or {}
        if kind == "AWS::IAM::Role":
            described["Policies"] = _policies(aws("iam"), physical_id)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
            raise
        return {}
    return comparable(described)


def _policies(iam: Any, role: str) -> list[dict[str, Any]]:
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    policies = [iam.get_role_policy(RoleName=role, PolicyName=name) for name in names]
    return [{name: policy[name] for name in ("PolicyName", "PolicyDocument")} for policy in policies]


def comparable(value: Any) -> Any:
    """`value` with scalars as text and JSON documents parsed, without properties that moto does not return."""
    if isinstance(value, dict):
        return {name: comparable(item) for name, item in value.items() if name != "BucketKeyEnabled"}
    if isinstance(value, list):
        return [comparable(item) for item in value]
    if isinstance(value, str) and value.startswith(
        ('{"', "{'")
    ):  # JSON or a Python literal, as moto returns a role's policy
        return comparable(yaml.safe_load(value))
    text = str(value)
    return "image" if text.startswith("ami-") else text.lower() if isinstance(value, bool) else text
