"""The permissions of each call: its own action, and those that AWS checks on the caller's behalf."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from local.cloud.account import ACCOUNT, REGION
from local.cloud.iam import queries, storage
from local.cloud.iam.calls import Call, UnknownCallError
from local.cloud.iam.facts import Facts
from local.cloud.iam.policy import Need

CATALOGUE_OPERATIONS = re.compile("Crawler|Database|Table|Partition")
# Resource types of RunInstances, and the parameters that replace what a launch template says of them.
LAUNCHED = {
    "image": "ImageId",
    "instance": r"IamInstanceProfile\..+",
    "network-interface": r"NetworkInterface\..+|SubnetId",
    "security-group": r"(NetworkInterface\.\d+\.)?SecurityGroup(Id)?\.\d+",
    "subnet": r"(NetworkInterface\.\d+\.)?SubnetId",
    "volume": r"BlockDeviceMapping\..+",
}
NAMED = ("image", "security-group", "subnet")


def needs(call: Call, facts: Facts) -> list[Need]:
    """The permissions of a call; empty if it needs none. Raises `UnknownCallError` if they are not listed here."""
    if call.service not in SERVICES:
        raise UnknownCallError(f"local/cloud/iam/needs.py has no permissions for calls of {call.service}")
    return list(SERVICES[call.service](call, facts))


def arn(service: str, resource: str) -> str:
    """The ARN of a resource of this account and region."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def pass_role(role: str, to: str, implied_by: str) -> Need:
    """Permission to pass a role to a service."""
    return Need("iam:PassRole", role, {"iam:PassedToService": f"{to}.amazonaws.com"}, implied_by)


def _athena(call: Call, facts: Facts) -> Iterator[Need]:
    given = call.parameters
    if call.operation == "StartQueryExecution":
        group = given.get("WorkGroup", "primary")
        yield Need("athena:StartQueryExecution", arn("athena", f"workgroup/{group}"))
        yield from queries.run(call, facts, group)
    elif "QueryExecutionId" in given:
        group = facts.work_group(given["QueryExecutionId"])
        yield Need(f"athena:{call.operation}", arn("athena", f"workgroup/{group}"))
        if call.operation == "GetQueryResults":
            yield from queries.read_result(facts, group)
    else:
        raise _unknown(call)


def _ce(call: Call, facts: Facts) -> Iterator[Need]:
    if call.operation != "GetCostAndUsage":
        raise _unknown(call)
    yield Need("ce:GetCostAndUsage", "*")


def _databrew(call: Call, facts: Facts) -> Iterator[Need]:
    given = call.parameters
    if call.operation in ("ListJobs", "ListDatasets"):
        yield Need(f"databrew:{call.operation}", "*")
        return
    kind = next((kind for kind in ("Job", "Dataset", "Recipe") if kind in call.operation), "")
    name = given.get("name") or given.get("Name")
    if not kind or not name:
        raise _unknown(call)
    resource, action = arn("databrew", f"{kind.lower()}/{name}"), f"databrew:{call.operation}"
    if not call.operation.startswith("Create"):
        yield Need(action, resource)
        return
    tags = given.get("Tags", {})
    context = {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    yield Need(action, "*", context)  # the resource does not exist yet
    if tags:
        yield Need("databrew:TagResource", resource, context, implied_by=action)
    if "RoleArn" in given:
        yield pass_role(given["RoleArn"], "databrew", action)


def _ec2(call: Call, facts: Facts) -> Iterator[Need]:
    given, action = call.parameters, f"ec2:{call.operation}"
    if call.operation == "DescribeInstances":
        yield Need(action, "*")
    elif call.operation == "TerminateInstances":
        for instance in (value for name, value in given.items() if name.startswith("InstanceId.")):
            tags = {f"aws:ResourceTag/{key}": value for key, value in facts.tags(instance).items()}
            yield Need(action, arn("ec2", f"instance/{instance}"), tags)
    elif call.operation == "RunInstances" and given.get("LaunchTemplate.LaunchTemplateId") in facts.launches:
        yield from _launch(given, facts)
    else:
        raise _unknown(call)


def _launch(given: dict[str, Any], facts: Facts) -> Iterator[Need]:
    """An instance started from a launch template: its resources, their tags and the role passed to it."""
    action, launch = "ec2:RunInstances", facts.launches[given["LaunchTemplate.LaunchTemplateId"]]
    template = arn("ec2", f"launch-template/{given['LaunchTemplate.LaunchTemplateId']}")
    yield Need(action, template, {"ec2:LaunchTemplate": template, "ec2:IsLaunchTemplateResource": "true"})
    for kind, parameter in LAUNCHED.items():
        overriding = sorted({value for name, value in given.items() if re.fullmatch(parameter, name)})
        context = {"ec2:LaunchTemplate": template, "ec2:IsLaunchTemplateResource": str(not overriding).lower()}
        for name in overriding if overriding and kind in NAMED else ["*"]:
            yield Need(action, arn("ec2", f"{kind}/{name}"), context)
    asked = {value for name, value in given.items() if re.fullmatch(r"TagSpecification\.\d+\.ResourceType", name)}
    for kind in sorted(launch.tagged | asked):
        yield Need("ec2:CreateTags", arn("ec2", f"{kind}/*"), {"ec2:CreateAction": "RunInstances"}, action)
    if launch.role:
        yield pass_role(launch.role, "ec2", action)


def _glue(call: Call, facts: Facts) -> Iterator[Need]:
    given = call.parameters
    if not CATALOGUE_OPERATIONS.search(call.operation):
        raise _unknown(call)
    if "Crawler" in call.operation:
        yield Need(f"glue:{call.operation}", arn("glue", f"crawler/{given['Name']}"))
        return
    inputs = given.get("TableInput") or given.get("DatabaseInput") or {}
    name = given.get("TableName") or given.get("Name") or inputs.get("Name", "*")
    if "Database" in call.operation:
        yield from queries.catalogued(call.operation, name)
    else:
        yield from queries.catalogued(call.operation, given["DatabaseName"], name)


def _kms(call: Call, facts: Facts) -> Iterator[Need]:
    if call.operation not in ("GenerateMac", "VerifyMac"):
        raise _unknown(call)
    key = call.parameters["KeyId"]
    yield Need(f"kms:{call.operation}", key if key.startswith("arn:") else arn("kms", f"key/{key}"))


def _lambda(call: Call, facts: Facts) -> Iterator[Need]:
    action = "InvokeFunction" if call.operation == "Invoke" else call.operation
    name = call.parameters.get("FunctionName")
    if not name:
        raise _unknown(call)
    yield Need(f"lambda:{action}", name if name.startswith("arn:") else arn("lambda", f"function:{name}"))


def _logs(call: Call, facts: Facts) -> Iterator[Need]:
    given = call.parameters
    if "logStreamName" not in given:
        raise _unknown(call)
    stream = f"log-group:{given['logGroupName']}:log-stream:{given['logStreamName']}"
    yield Need(f"logs:{call.operation}", arn("logs", stream))


def _sns(call: Call, facts: Facts) -> Iterator[Need]:
    if call.operation != "Publish":
        raise _unknown(call)
    topic = call.parameters["TopicArn"]
    yield Need("sns:Publish", topic)
    yield from storage.with_key(facts, topic, ("GenerateDataKey", "Decrypt"), "sns:Publish")


def _states(call: Call, facts: Facts) -> Iterator[Need]:
    given = call.parameters
    if "taskToken" in given:  # of a Map Run, AWS does not say whether with its label: both must be granted
        machine = facts.state_machine(given["taskToken"])
        resources = {machine, machine.partition("/")[0]}
    else:
        resources = {given.get("executionArn") or given.get("mapRunArn") or given.get("stateMachineArn", "")}
    if "" in resources:
        raise _unknown(call)
    yield from (Need(f"states:{call.operation}", resource) for resource in sorted(resources))


def _sts(call: Call, facts: Facts) -> Iterator[Need]:
    if call.operation != "GetCallerIdentity":
        raise _unknown(call)
    yield from ()


def _unknown(call: Call) -> UnknownCallError:
    return UnknownCallError(f"local/cloud/iam/needs.py has no permissions for {call.service}:{call.operation}")


SERVICES: dict[str, Callable[[Call, Facts], Iterator[Need]]] = {
    "athena": _athena,
    "ce": _ce,
    "databrew": _databrew,
    "ec2": _ec2,
    "glue": _glue,
    "kms": _kms,
    "lambda": _lambda,
    "logs": _logs,
    "s3": storage.needs,
    "sns": _sns,
    "states": _states,
    "sts": _sts,
}
