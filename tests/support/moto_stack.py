"""The translated template as a stack in moto's CloudFormation, compared with what moto's services describe."""

import copy
import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from moto.cloudformation.parsing import get_model_map

from local.cloud.account import STACK_NAME
from local.cloud.stack.intrinsics import Intrinsics
from local.cloud.stack.template import HERE, Template
from tests.support.moto_services import Client, comparable, read
from tests.support.sam_build import ARTEFACTS

BODY = "stack.json"
PLACEHOLDER = re.compile(r"\$\{(\w+)\}")
REFERENCE = re.compile(r"\$\{(\w+)[.\w]*\}")
UNUSABLE = {"AWS::ApiGateway::RestApi", "AWS::ApiGateway::Deployment"}  # moto creates an API without methods
KEPT_AS_TEXT = {"AssumeRolePolicyDocument", "KeyPolicy"}  # moto can read them back only as text


class Deployed(NamedTuple):
    """A stack: the template as passed to moto, parameters, physical ids by logical id, outputs."""

    template: Template
    parameters: Mapping[str, str]
    physical: dict[str, str]
    outputs: dict[str, str]


def not_made(template: Template) -> set[str]:
    """The resource types that moto's CloudFormation lacks, or implements in an unusable way."""
    return {body["Type"] for body in template["Resources"].values()} - (set(get_model_map()) - UNUSABLE)


def deploy(aws: Client, url: str, template: Template, parameters: Mapping[str, str], how: str) -> Deployed:
    """Call create_stack or update_stack (`how`); the artefacts are in the bucket ARTEFACTS."""
    plain = _for_moto(template, parameters)
    attributes = {path: {"Value": {"Fn::GetAtt": list(path)}} for path in _attributes(plain, parameters)}
    body = plain | {"Outputs": plain["Outputs"] | {"".join(path): output for path, output in attributes.items()}}
    aws("s3").put_object(Bucket=ARTEFACTS, Key=BODY, Body=json.dumps(body))
    cloudformation = aws("cloudformation")
    getattr(cloudformation, how)(
        StackName=STACK_NAME,
        TemplateURL=f"{url}/{ARTEFACTS}/{BODY}",
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    stack = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]
    assert stack["StackStatus"] in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}, stack
    made = cloudformation.describe_stack_resources(StackName=STACK_NAME)["StackResources"]
    physical = {resource["LogicalResourceId"]: resource.get("PhysicalResourceId", "") for resource in made}
    return Deployed(
        plain, parameters, physical, {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    )


def differences(aws: Client, stack: Deployed) -> dict[str, dict[str, Any]]:
    """By type and property: logical id, described value and declared value, where the two differ."""
    values = Intrinsics(
        stack.template, stack.parameters, stack.physical.__getitem__, lambda *path: stack.outputs["".join(path)]
    )
    found: dict[str, dict[str, Any]] = {}
    for logical_id, body in stack.template["Resources"].items():
        declared = comparable(values.resolve(body.get("Properties", {})))
        described = read(aws, body["Type"], stack.physical[logical_id])
        for name in declared:
            if described.get(name) != declared[name]:
                found.setdefault(body["Type"], {})[name] = (logical_id, described.get(name), declared[name])
    return found


def _for_moto(template: Template, parameters: Mapping[str, str]) -> Template:
    """The template without unsupported resources; references to them become `not-made-<logical id>`."""
    types = not_made(template)
    as_text = Intrinsics(template, parameters, lambda name: f"${{{name}}}", lambda *path: f"${{{'.'.join(path)}}}")
    lacking = {
        name
        for name, body in template["Resources"].items()
        if body["Type"] in types or ("Condition" in body and not as_text.condition(body["Condition"]))
    }

    def adapted(value: Any) -> Any:
        if isinstance(value, list):
            return [adapted(item) for item in value]
        if isinstance(value, str):
            return REFERENCE.sub(lambda found: f"not-made-{found[1]}" if found[1] in lacking else found[0], value)
        if not isinstance(value, dict):
            return value
        if "Fn::ToJsonString" in value:
            return adapted({"Fn::Sub": as_text.resolve(value)})
        target = value.get("Ref") or value.get("Fn::GetAtt", [None])[0]
        return f"not-made-{target}" if target in lacking else {name: adapted(item) for name, item in value.items()}

    resources = {name: copy.deepcopy(body) for name, body in template["Resources"].items() if name not in lacking}
    for body in resources.values():
        if body.get("DeletionPolicy") == "RetainExceptOnCreate":  # moto knows only Retain
            body["DeletionPolicy"] = "Retain"
        properties = body.setdefault("Properties", {})  # moto's update drops resources without any
        if body["Type"] == "AWS::KMS::Key":
            properties.pop("Tags")  # moto wants the shape of KMS's API
        needed = body.pop("DependsOn", [])
        body["DependsOn"] = [name for name in ([needed] if isinstance(needed, str) else needed) if name not in lacking]
        properties |= {name: {"Fn::ToJsonString": properties[name]} for name in KEPT_AS_TEXT & set(properties)}
        for code in (properties.get("Code", {}), properties.get("Content", {})):
            if code.get("S3Bucket") == HERE:
                code["S3Bucket"] = ARTEFACTS
        if "DefinitionString" in properties:
            values = properties.pop("DefinitionSubstitutions")
            parts = PLACEHOLDER.split(properties["DefinitionString"])  # odd elements are names
            parts[1::2] = [values[name] for name in parts[1::2]]
            properties["DefinitionString"] = {"Fn::Join": ["", parts]}
    plain: Template = adapted({**template, "Resources": resources})
    del plain["Transform"]
    return plain


def _attributes(template: Template, parameters: Mapping[str, str]) -> set[tuple[str, str]]:
    """All Fn::GetAtt references as pairs of logical id and attribute."""
    taken: set[tuple[str, str]] = set()

    def take(logical_id: str, name: str) -> str:
        taken.add((logical_id, name))
        return ""

    Intrinsics(template, parameters, lambda _: "", take).resolve(template["Resources"])
    return taken
