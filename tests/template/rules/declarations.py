"""Rules of the source: nothing specific to one account, no secrets, everything described."""

import re
from itertools import chain

from local.cloud.account import STACK_NAME
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
REFUSED_URLS = (
    "http://example.org/api",
    "http://localhost.example.org/api",
    "https://a.example/'; id; '",
    "https://a.example/$(id)",
    "https://a.example/`id`",
    "https://user@a.example/",
    "ftp://a.example/",
)
CHARGED = {  # types that are charged for and can be tagged
    "AWS::ApiGateway::RestApi",
    "AWS::Athena::WorkGroup",
    "AWS::CloudTrail::Trail",
    "AWS::CloudWatch::Alarm",
    "AWS::Glue::Crawler",
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
                yield f"{path}: {found[0]} is {what}, use a pseudo parameter or a parameter"
    if PARTITION.search(application.texts["template.yaml"]):
        yield "template.yaml: write arn:${AWS::Partition}: instead of arn:aws:"


def no_bucket_has_a_fixed_name(application: Application) -> Findings:
    for name, body in application.template["Resources"].items():
        if isinstance(body, dict) and isinstance(body.get("Properties", {}).get("BucketName"), str):
            yield f"{name}: remove BucketName, bucket names are globally unique"


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


def source_url_is_encrypted_and_unquoted(application: Application) -> Findings:
    """Workers export SOURCE_URL in single quotes, and download from it with their role's permissions."""
    pattern = application.template["Parameters"]["SourceUrl"].get("AllowedPattern", "")
    for url in REFUSED_URLS:
        if re.search(pattern, url):
            yield f"SourceUrl: it accepts {url}, limit its AllowedPattern"


def costs_can_be_told_apart(application: Application) -> Findings:
    """The cost report filters by the tag's value, the stack's name, so every resource takes its tag from that name."""
    if f"{TAG}=" in application.texts["samconfig.toml"]:
        yield f"samconfig.toml: remove the tag {TAG}, the template sets it to the name of the stack"
    for name, body in application.translated["Resources"].items():
        if body["Type"] in CHARGED and _tags(body["Properties"].get("Tags", [])).get(TAG) != STACK_NAME:
            yield f"{name}: give it the tag {TAG}, the stack's name"
    for name, function in application.resources("AWS::Lambda::Function").items():
        variables = function.get("Environment", {}).get("Variables", {})
        if variables.get("APPLICATION", STACK_NAME) != STACK_NAME:
            yield f"{name}: its APPLICATION must be the stack's name, the value of the tag {TAG}"


def _tags(tags: list[Document] | Document) -> Document:
    return tags if isinstance(tags, dict) else {tag["Key"]: tag["Value"] for tag in tags}


def every_exception_has_its_reason(application: Application) -> Findings:
    for name, body in application.translated["Resources"].items():
        for skip in body.get("Metadata", {}).get("checkov", {}).get("skip", []):
            if not skip.get("comment", "").strip():
                yield f"{name}: give the reason for skipping {skip['id']}"


RULES = (
    nothing_belongs_to_one_account,
    no_bucket_has_a_fixed_name,
    no_secret_is_written_down,
    every_parameter_is_explained,
    every_parameter_is_limited,
    source_url_is_encrypted_and_unquoted,
    costs_can_be_told_apart,
    every_exception_has_its_reason,
)
