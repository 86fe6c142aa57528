"""What must hold for what is written: nothing of one account, no secret, all explained."""

import re
import tomllib
from itertools import chain

from tests.template.rules.application import Application, Document, Findings, strings
from tests.template.rules.workers import TAG

OF_ONE_ACCOUNT = {
    "an account's id": re.compile(r"\b(?!0{12})\d{12}\b"),
    "a region": re.compile(r"\b(us|eu|ap|ca|sa|me|af|il)-(gov-)?(north|south|east|west|central)+(east|west)?-\d\b"),
    "a bucket": re.compile(r"s3://[a-z0-9][\w.-]*|:s3:::[a-z0-9][\w.-]*"),
    "a mail address": re.compile(r"\b[\w.+-]+@[\w-]+\.\w+"),
}
PARTITION = re.compile(r"\barn:aws:")
SECRET_NAME = r"\w*(password|passwd|secret|api_?key|access_?key|token|credential)\w*"  # noqa: S105 - a pattern
HARMLESS = {"HttpTokens"}
SECRETS = (
    re.compile(r"\b(AKIA|ASIA)[0-9A-Z]{16}\b"),
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"),
    re.compile(rf"""\b{SECRET_NAME}["']?\s*[:=]\s*["'][^"'${{}}\s]{{8,}}["']""", re.IGNORECASE),
)
BARE_SECRET = re.compile(rf"^[ \t]*(export )?{SECRET_NAME}=[\w/+=-]{{8,}}", re.IGNORECASE | re.MULTILINE)  # in a shell
LITERAL = re.compile(r"^[^\s${}]{8,}$")
SAMPLE = re.compile(r"synthetic", re.IGNORECASE)
SENTENCE = re.compile(r"^[A-Z][^\n]*\.$")
NEXT_SENTENCE = re.compile(r"[.?!] ")
LIMITS = {
    "String": ({"AllowedPattern"}, {"AllowedValues"}),
    "CommaDelimitedList": ({"AllowedPattern"}, {"AllowedValues"}),
    "Number": ({"AllowedValues"}, {"MinValue", "MaxValue"}),
}
TAGGABLE = {
    "AWS::ApiGateway::RestApi",
    "AWS::Athena::WorkGroup",
    "AWS::CloudTrail::Trail",
    "AWS::DataBrew::Recipe",
    "AWS::EC2::VPC",
    "AWS::Glue::Crawler",
    "AWS::IAM::Role",
    "AWS::KMS::Key",
    "AWS::Lambda::Function",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
    "AWS::StepFunctions::StateMachine",
}


def nothing_belongs_to_one_account(application: Application) -> Findings:
    for path, text in application.texts.items():
        for what, pattern in OF_ONE_ACCOUNT.items():
            if path != "samconfig.toml" and (found := pattern.search(text)):
                yield f"{path}: {found[0]} is {what}, take it from AWS or a parameter"
    if PARTITION.search(application.texts["template.yaml"]):
        yield "template.yaml: write arn:${AWS::Partition}: in place of arn:aws:"


def no_bucket_has_a_fixed_name(application: Application) -> Findings:
    for name, body in application.template["Resources"].items():
        if isinstance(body, dict) and isinstance(body.get("Properties", {}).get("BucketName"), str):
            yield f"{name}: a second stack cannot have the same BucketName, take it away"


def no_secret_is_written_down(application: Application) -> Findings:
    for path, text in application.texts.items():
        patterns = SECRETS if path.endswith(".py") else (*SECRETS, BARE_SECRET)
        for found in chain.from_iterable(pattern.finditer(text) for pattern in patterns):
            if not SAMPLE.search(found[0]):
                yield f"{path}: line {text[: found.start()].count(chr(10)) + 1} looks like a secret"
    defaults = {name: parameter.get("Default") for name, parameter in application.template["Parameters"].items()}
    for name, text in strings([application.template, defaults]):
        if name not in HARMLESS and re.fullmatch(SECRET_NAME, name, re.IGNORECASE) and LITERAL.match(text):
            yield f"template.yaml: {name} looks like a secret"


def every_parameter_is_explained(application: Application) -> Findings:
    for name, parameter in application.template["Parameters"].items():
        text = parameter.get("Description", "")
        if not SENTENCE.match(text) or NEXT_SENTENCE.search(text):
            yield f"{name}: describe it in one sentence"


def every_parameter_is_limited(application: Application) -> Findings:
    for name, parameter in application.template["Parameters"].items():
        if "Type" not in parameter:
            yield f"{name}: give it a Type"
        choices = LIMITS.get(parameter.get("Type", ""), ())
        if choices and not any(limits <= parameter.keys() for limits in choices):
            yield f"{name}: give it {' or '.join(' and '.join(sorted(limits)) for limits in choices)}"


def costs_can_be_told_apart(application: Application) -> Findings:
    """Tags of the stack reach every resource; where a deployment gives none, each resource has its own."""
    environments = tomllib.loads(application.texts["samconfig.toml"])
    defaults = environments.get("default", {}).get("deploy", {}).get("parameters", {}).get("tags", "")
    deployments = [
        each["deploy"]["parameters"] for each in environments.values() if isinstance(each, dict) and "deploy" in each
    ]
    if deployments and all(f"{TAG}=" in str(each.get("tags", defaults)) for each in deployments):
        return
    for name, body in application.translated["Resources"].items():
        if body["Type"] in TAGGABLE and TAG not in _tags(body["Properties"].get("Tags", [])):
            yield f"{name}: give it, or the stack in samconfig.toml, the tag {TAG}"


def _tags(tags: list[Document] | Document) -> set[str]:
    return set(tags) if isinstance(tags, dict) else {tag["Key"] for tag in tags}


def every_exception_has_its_reason(application: Application) -> Findings:
    for name, body in application.translated["Resources"].items():
        for skip in body.get("Metadata", {}).get("checkov", {}).get("skip", []):
            if not skip.get("comment", "").strip():
                yield f"{name}: say why {skip['id']} is left out"


RULES = (
    nothing_belongs_to_one_account,
    no_bucket_has_a_fixed_name,
    no_secret_is_written_down,
    every_parameter_is_explained,
    every_parameter_is_limited,
    costs_can_be_told_apart,
    every_exception_has_its_reason,
)
