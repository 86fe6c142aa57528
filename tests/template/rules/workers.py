"""Rules of the EC2 workers: no ingress, terminated after use, tagged."""

import ast
import json

from tests.template.rules.application import Application, Document, Findings, referred

TAG = "application"
LAUNCH = "functions/pipeline/aws/ec2.py"
ZONES = 2


def no_security_group_lets_anybody_in(application: Application) -> Findings:
    for name, group in application.resources("AWS::EC2::SecurityGroup").items():
        if group.get("SecurityGroupIngress"):
            yield f"{name}: remove its ingress, Session Manager needs none"
    for name in application.resources("AWS::EC2::SecurityGroupIngress"):
        yield f"{name}: remove it, Session Manager needs no ingress"


def instances_answer_metadata_by_token_and_one_hop(application: Application) -> Findings:
    for name, data in _templates(application).items():
        options = data.get("MetadataOptions", {})
        if options.get("HttpTokens") != "required":
            yield f"{name}: HttpTokens must be required"
        if options.get("HttpPutResponseHopLimit") != 1:
            yield f"{name}: HttpPutResponseHopLimit must be 1"


def instances_end_when_they_shut_down(application: Application) -> Findings:
    for name, data in _templates(application).items():
        if data.get("InstanceInitiatedShutdownBehavior") != "terminate":
            yield f"{name}: InstanceInitiatedShutdownBehavior must be terminate"


def volumes_are_encrypted_and_end_with_their_instance(application: Application) -> Findings:
    for name, data in _templates(application).items():
        volumes = [mapping["Ebs"] for mapping in data.get("BlockDeviceMappings", [])]
        if not volumes or not all(volume.get("Encrypted") is True for volume in volumes):
            yield f"{name}: encrypt its volumes"
        if not all(volume.get("DeleteOnTermination") is True for volume in volumes):
            yield f"{name}: DeleteOnTermination of its volumes must be true"


def instances_and_volumes_are_tagged_in_one_place(application: Application) -> Findings:
    """By RunInstances alone: AWS does not document how tags of a launch template and of a request combine."""
    for name, data in _templates(application).items():
        if data.get("TagSpecifications"):
            yield f"{name}: remove its TagSpecifications, {LAUNCH} sets all tags"
    tagged = {
        call.args[0].value
        for call in ast.walk(ast.parse(application.texts[LAUNCH]))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "_tags"
        and isinstance(call.args[0], ast.Constant)
    }
    for missing in sorted({"instance", "volume"} - tagged):
        yield f"{LAUNCH}: give its {missing} the tag {TAG}"


def workers_have_two_zones(application: Application) -> Findings:
    """Not every zone offers every instance type."""
    subnets = application.resources("AWS::EC2::Subnet")
    zones = {json.dumps(subnet.get("AvailabilityZone")) for subnet in subnets.values()}
    if "null" in zones or len(zones) < ZONES:
        yield f"{', '.join(subnets)}: give each subnet a zone of its own, at least {ZONES}"
    for name, function in application.resources("AWS::Lambda::Function").items():
        variables = function.get("Environment", {}).get("Variables", {})
        if "LAUNCH_TEMPLATE" in variables and referred(variables.get("WORKER_SUBNETS")) != subnets.keys():
            yield f"{name}: give it every subnet in WORKER_SUBNETS"
    for name, data in _templates(application).items():
        if data.get("NetworkInterfaces"):
            yield f"{name}: remove its NetworkInterfaces, RunInstances could not choose a subnet"


def nobody_logs_in_by_a_key_pair(application: Application) -> Findings:
    for name, data in _templates(application).items():
        if "KeyName" in data:
            yield f"{name}: remove KeyName, Session Manager opens a shell"


def _templates(application: Application) -> dict[str, Document]:
    templates = application.resources("AWS::EC2::LaunchTemplate")
    return {name: properties["LaunchTemplateData"] for name, properties in templates.items()}


RULES = (
    no_security_group_lets_anybody_in,
    instances_answer_metadata_by_token_and_one_hop,
    instances_end_when_they_shut_down,
    volumes_are_encrypted_and_end_with_their_instance,
    instances_and_volumes_are_tagged_in_one_place,
    workers_have_two_zones,
    nobody_logs_in_by_a_key_pair,
)
