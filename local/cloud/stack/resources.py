"""`MAKERS`: how the laptop creates each resource type. `ignored.py` lists those that it does not create."""

import hashlib
import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from moto.iam.models import iam_backends

from local.cloud.account import ACCOUNT, REGION
from local.cloud.ec2.instances import Instances, LaunchTemplate
from local.cloud.iam.guard import Guard
from local.cloud.lambdas.functions import Function, Functions
from local.cloud.services import lifecycle
from local.cloud.services.event_rules import Rule, Rules
from local.cloud.services.log_groups import LogGroups
from local.cloud.sql import catalogue
from local.cloud.stack.template import HERE

DOOR = "http://127.0.0.1:8080"  # the default address of `singstat serve`
INITIAL_STATES = {"notBreaching": ("OK", "OKActions"), "breaching": ("ALARM", "AlarmActions")}  # by TreatMissingData
API_URL = re.compile(rf"https://[^./]+\.execute-api\.{REGION}\.amazonaws\.com/[^/]+")

Properties = dict[str, Any]


class StackError(Exception):
    """A resource cannot be created: its logical id and the cause."""


class Made(NamedTuple):
    """The result of Ref, and of GetAtt by attribute."""

    physical_id: str
    attributes: dict[str, Any]


@dataclass(frozen=True)
class Deployment:
    """What makers need: boto3 clients by service, the template's folder, the endpoint's URL, the laptop's services."""

    client: Callable[[str], Any]
    functions: Functions
    folder: Path
    url: str
    rules: Rules
    instances: Instances
    logs: LogGroups
    guard: Guard
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    apis: dict[str, dict[str, Any]] = field(default_factory=dict)


Maker = Callable[[Deployment, Properties], Made]


def _call(client: Any, operation: str, properties: Properties, **more: Any) -> Any:
    """Call an operation with the properties it accepts, except Tags, which have another shape in a template."""
    method = client.meta.method_to_api_mapping[operation]
    known = set(client.meta.service_model.operation_model(method).input_shape.members) - {"Tags"}
    return getattr(client, operation)(**{name: properties[name] for name in known & set(properties)}, **more)


def _bucket(to: Deployment, properties: Properties) -> Made:
    s3, name = to.client("s3"), properties["BucketName"]
    with suppress(s3.exceptions.BucketAlreadyOwnedByYou):  # it exists in the lake
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    status = properties.get("VersioningConfiguration", {}).get("Status")
    if status:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": status})
    lifecycle.expire(s3, name, properties.get("LifecycleConfiguration", {}).get("Rules", []))
    domain = f"{name}.s3.{REGION}.amazonaws.com"
    return Made(name, {"Arn": f"arn:aws:s3:::{name}", "DomainName": domain, "RegionalDomainName": domain})


def _key(to: Deployment, properties: Properties) -> Made:
    policy = {"Policy": json.dumps(properties["KeyPolicy"])} if "KeyPolicy" in properties else {}
    key = _call(to.client("kms"), "create_key", properties, **policy)["KeyMetadata"]
    return Made(key["KeyId"], {"Arn": key["Arn"], "KeyId": key["KeyId"]})


def _alias(to: Deployment, properties: Properties) -> Made:
    _call(to.client("kms"), "create_alias", properties)
    return Made(properties["AliasName"], {})


def _topic(to: Deployment, properties: Properties) -> Made:
    sns, name = to.client("sns"), properties["TopicName"]
    key = {"KmsMasterKeyId": properties["KmsMasterKeyId"]} if "KmsMasterKeyId" in properties else {}
    arn = sns.create_topic(Name=name, Attributes=key)["TopicArn"]
    for subscription in properties.get("Subscription", []):
        sns.subscribe(TopicArn=arn, **subscription)
    return Made(arn, {"TopicArn": arn, "TopicName": name})


def _subscription(to: Deployment, properties: Properties) -> Made:
    arn = _call(to.client("sns"), "subscribe", properties, ReturnSubscriptionArn=True)["SubscriptionArn"]
    return Made(arn, {"Arn": arn})


def _role(_: Deployment, properties: Properties) -> Made:
    """By moto's own interface, as all of IAM: a template has dozens of roles and policies, and a request takes 3 ms."""
    iam, name = iam_backends[ACCOUNT]["aws"], properties["RoleName"]
    trust = json.dumps(properties["AssumeRolePolicyDocument"])
    role = iam.create_role(name, trust, properties.get("Path", "/"), None, "", [], None)
    for policy in properties.get("Policies", []):
        document = json.dumps({"Version": "2012-10-17"} | policy["PolicyDocument"])  # moto requires a version
        iam.put_role_policy(name, policy["PolicyName"], document)
    return Made(name, {"Arn": role.arn, "RoleId": role.id})


def _managed_policy(_: Deployment, properties: Properties) -> Made:
    document = json.dumps(properties["PolicyDocument"])
    policy = iam_backends[ACCOUNT]["aws"].create_policy("", "/", document, properties["ManagedPolicyName"], [])
    return Made(policy.arn, {"PolicyArn": policy.arn})


def _instance_profile(_: Deployment, properties: Properties) -> Made:
    name = properties["InstanceProfileName"]
    profile = iam_backends[ACCOUNT]["aws"].create_instance_profile(name, "/", properties["Roles"], [])
    return Made(name, {"Arn": profile.arn})


def _database(to: Deployment, properties: Properties) -> Made:
    glue, database = to.client("glue"), properties["DatabaseInput"]
    with suppress(glue.exceptions.AlreadyExistsException):  # it exists in the lake's catalogue
        glue.create_database(DatabaseInput=database)
    return Made(database["Name"], {})


def _table(to: Deployment, properties: Properties) -> Made:
    database, table = properties["DatabaseName"], properties["TableInput"]
    known = catalogue.definition(database, table["Name"])
    if known is None:
        to.client("glue").create_table(DatabaseName=database, TableInput=table)
    elif known != table:
        to.client("glue").update_table(DatabaseName=database, TableInput=table)  # keeps its partitions
    return Made(table["Name"], {})


def _crawler(to: Deployment, properties: Properties) -> Made:
    _call(to.client("glue"), "create_crawler", properties)
    return Made(properties["Name"], {})


def _recipe(to: Deployment, properties: Properties) -> Made:
    _call(to.client("databrew"), "create_recipe", properties)
    return Made(properties["Name"], {})


def _work_group(to: Deployment, properties: Properties) -> Made:
    configuration = properties.get("WorkGroupConfiguration", {})
    _call(to.client("athena"), "create_work_group", properties, Configuration=configuration)
    return Made(properties["Name"], {})


def _state_machine(to: Deployment, properties: Properties) -> Made:
    definition = properties["DefinitionString"]
    for name, value in properties.get("DefinitionSubstitutions", {}).items():
        definition = definition.replace(f"${{{name}}}", str(value))
    name, role = properties["StateMachineName"], properties["RoleArn"]
    made = to.client("stepfunctions").create_state_machine(name=name, definition=definition, roleArn=role)
    return Made(made["stateMachineArn"], {"Arn": made["stateMachineArn"], "Name": name})


def _function(to: Deployment, properties: Properties) -> Made:
    code, name = properties["Code"], properties["FunctionName"]
    if code.get("S3Bucket") != HERE:
        raise StackError(f"{name}: its code is not a local folder.")
    variables = properties.get("Environment", {}).get("Variables", {})
    function = Function(
        name=name,
        folder=to.folder / code["S3Key"],
        handler=properties["Handler"],
        role=properties["Role"],
        timeout=int(properties.get("Timeout", 3)),
        memory=int(properties.get("MemorySize", 128)),
        variables={key: API_URL.sub(DOOR, str(value)) for key, value in variables.items()},
        layers="Layers" in properties,
    )
    to.functions.add(function)
    return Made(name, {"Arn": function.arn})


def _rest_api(to: Deployment, properties: Properties) -> Made:
    """Register the OpenAPI body for `singstat serve`."""
    name = properties["Name"]
    to.apis[name] = properties["Body"]
    return Made(name, {"RestApiId": name})


def _launch_template(to: Deployment, properties: Properties) -> Made:
    name, data = properties["LaunchTemplateName"], properties["LaunchTemplateData"]
    if data.get("InstanceInitiatedShutdownBehavior") != "terminate":
        raise StackError(
            f"{name}: set InstanceInitiatedShutdownBehavior to terminate; the laptop supports nothing else."
        )
    profile = data["IamInstanceProfile"]
    template = LaunchTemplate(
        id=f"lt-{hashlib.sha256(name.encode()).hexdigest()[:17]}",
        name=name,
        image=data["ImageId"],
        profile=profile.get("Name") or profile["Arn"].split("/")[-1],
        kind=data.get("InstanceType", LaunchTemplate.kind),
        user_data=data.get("UserData", ""),
        tags={
            tag["Key"]: str(tag["Value"])
            for group in data.get("TagSpecifications", [])
            if group["ResourceType"] == "instance"
            for tag in group["Tags"]
        },
        subnet=next((each.get("SubnetId", "") for each in data.get("NetworkInterfaces", [])), None),
    )
    to.instances.templates.append(template)
    versions = {"LatestVersionNumber": "1", "DefaultVersionNumber": "1"}
    return Made(template.id, {"LaunchTemplateId": template.id, **versions})


def _log_group(to: Deployment, properties: Properties) -> Made:
    name = properties["LogGroupName"]
    to.logs.add(name)
    return Made(name, {"Arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}:*"})


def _rule(to: Deployment, properties: Properties) -> Made:
    """Register a rule with an event pattern; schedules do not run on the laptop."""
    targets = [target["Arn"].split(":")[-1] for target in properties.get("Targets", [])]
    if "EventPattern" in properties:
        to.rules.rules.append(Rule(properties["EventPattern"], targets))
    name = properties["Name"]
    return Made(name, {"Arn": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{name}"})


def _alarm(to: Deployment, properties: Properties) -> Made:
    """An alarm without data leaves INSUFFICIENT_DATA as soon as it exists, which triggers the actions of its state."""
    name = properties["AlarmName"]
    state, actions = INITIAL_STATES.get(properties.get("TreatMissingData", "missing"), ("", ""))
    for topic in properties.get(actions, []):
        text = f"Your Amazon CloudWatch Alarm {name!r} in the {REGION} region has entered the {state} state."
        to.client("sns").publish(TopicArn=topic, Subject=f'{state}: "{name}" in {REGION}', Message=text)
    return Made(name, {"Arn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}"})


def _bucket_policy(to: Deployment, properties: Properties) -> Made:
    """The guard evaluates it; moto would not."""
    return Made(properties["Bucket"], {})


def _schedule(to: Deployment, properties: Properties) -> Made:
    """Never runs; only its role is checked."""
    name = properties["Name"]
    return Made(name, {"Arn": f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/{name}"})


def _subnet(to: Deployment, properties: Properties) -> Made:
    """Has no network, but a zone that may lack instance types."""
    name, zone = properties["Name"], properties.get("AvailabilityZone", f"{REGION}a")
    to.instances.zones[name] = zone
    return Made(name, {"SubnetId": name, "AvailabilityZone": zone})


MAKERS: dict[str, Maker] = {
    "AWS::ApiGateway::RestApi": _rest_api,
    "AWS::Athena::WorkGroup": _work_group,
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::DataBrew::Recipe": _recipe,
    "AWS::EC2::LaunchTemplate": _launch_template,
    "AWS::EC2::Subnet": _subnet,
    "AWS::Events::Rule": _rule,
    "AWS::Glue::Crawler": _crawler,
    "AWS::Glue::Database": _database,
    "AWS::Glue::Table": _table,
    "AWS::IAM::InstanceProfile": _instance_profile,
    "AWS::IAM::ManagedPolicy": _managed_policy,
    "AWS::IAM::Role": _role,
    "AWS::KMS::Alias": _alias,
    "AWS::KMS::Key": _key,
    "AWS::Lambda::Function": _function,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::S3::Bucket": _bucket,
    "AWS::S3::BucketPolicy": _bucket_policy,
    "AWS::Scheduler::Schedule": _schedule,
    "AWS::SNS::Subscription": _subscription,
    "AWS::SNS::Topic": _topic,
    "AWS::StepFunctions::StateMachine": _state_machine,
}

# The property that names a resource, if it is not `Name`.
NAME_PROPERTIES = {
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::EC2::LaunchTemplate": "LaunchTemplateName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::StepFunctions::StateMachine": "StateMachineName",
}
