"""What must hold for the EC2 workers: nobody reaches them, they end for good, they say whose they are."""

from tests.template.rules.application import Application, Document, Findings

TAG = "application"


def no_security_group_lets_anybody_in(application: Application) -> Findings:
    for name, group in application.resources("AWS::EC2::SecurityGroup").items():
        if group.get("SecurityGroupIngress"):
            yield f"{name}: take its ingress away, Session Manager needs none"
    for name in application.resources("AWS::EC2::SecurityGroupIngress"):
        yield f"{name}: take it away, Session Manager needs no ingress"


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


def instances_and_volumes_are_tagged(application: Application) -> Findings:
    for name, data in _templates(application).items():
        tagged = {
            specification["ResourceType"]
            for specification in data.get("TagSpecifications", [])
            if TAG in [tag["Key"] for tag in specification["Tags"]]
        }
        for missing in sorted({"instance", "volume"} - tagged):
            yield f"{name}: give its {missing} the tag {TAG}"


def nobody_logs_in_by_a_key_pair(application: Application) -> Findings:
    for name, data in _templates(application).items():
        if "KeyName" in data:
            yield f"{name}: take KeyName away, Session Manager opens a shell"


def _templates(application: Application) -> dict[str, Document]:
    templates = application.resources("AWS::EC2::LaunchTemplate")
    return {name: properties["LaunchTemplateData"] for name, properties in templates.items()}


RULES = (
    no_security_group_lets_anybody_in,
    instances_answer_metadata_by_token_and_one_hop,
    instances_end_when_they_shut_down,
    volumes_are_encrypted_and_end_with_their_instance,
    instances_and_volumes_are_tagged,
    nobody_logs_in_by_a_key_pair,
)
