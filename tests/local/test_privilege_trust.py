"""Trust policies: a service gets a role only with the condition keys that it is documented to send."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.cloud.aws import LocalAWS
from local.cloud.iam.policy import PolicyError
from local.cloud.iam.trust import CONDITION_KEYS_SENT, read_trust, trusts
from local.cloud.stack.resources import StackError
from local.cloud.stack.template import TEMPLATE
from tests.support import doors
from tests.support.waiting import wait_for

ACCOUNT = "123456789012"
OTHER = {"StringEquals": {"aws:SourceAccount": "999999999999"}}
OWN = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}


def trust(service: str, **parts: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [{**statement, **parts}]}


@pytest.mark.parametrize(
    ("document", "service", "trusted"),
    [
        (trust("lambda"), "lambda", True),
        (trust("lambda"), "states", False),
        (trust("x", Principal={"Service": ["states.amazonaws.com", "lambda.amazonaws.com"]}), "states", True),
        (trust("x", Principal="*"), "states", True),
        (trust("x", Principal={"AWS": "*"}), "states", False),
        (trust("states", Action="sts:TagSession"), "states", False),
        (trust("states", Effect="Deny"), "states", False),
        (trust("states", Condition=OWN), "states", True),
        (trust("states", Condition=OTHER), "states", False),
        (trust("states", Condition={"ArnLike": {"aws:SourceArn": "arn:aws:*:run"}}), "states", True),
        (trust("states", Condition={"ArnLike": {"aws:SourceArn": "arn:aws:*:other"}}), "states", False),
        (trust("apigateway", Condition=OWN), "apigateway", False),
        (trust("databrew", Condition=OWN), "databrew", False),
        ({"Statement": []}, "states", False),
    ],
)
def test_trust_depends_on_the_principal_and_the_keys_it_sends(
    document: dict[str, Any], service: str, trusted: bool
) -> None:
    assert trusts(read_trust(document), f"{service}.amazonaws.com", "arn:aws:states:run") is trusted


def test_a_trust_policy_with_an_unknown_key_is_an_error() -> None:
    with pytest.raises(PolicyError, match="sts:ExternalId"):
        read_trust(trust("states", Condition={"StringEquals": {"sts:ExternalId": "1"}}))


def test_every_trust_key_names_its_page() -> None:
    assert all(sent.page for sent in CONDITION_KEYS_SENT.values())


RESOURCES = {
    "AWS::Lambda::Function": (
        {"Code": {"S3Bucket": "the-folder-of-the-template", "S3Key": "x"}, "Handler": "x.y", "Role": "ROLE"},
        "The role defined for the function cannot be assumed by Lambda",
    ),
    "AWS::StepFunctions::StateMachine": (
        {"DefinitionString": json.dumps(doors.NOTHING), "RoleArn": "ROLE"},
        "Neither the global service principal states.amazonaws.com",
    ),
    "AWS::Glue::Crawler": (
        {"Targets": {"S3Targets": [{"Path": "s3://data/x/"}]}, "Role": "ROLE"},
        "Please verify role's TrustPolicy",
    ),
    "AWS::Scheduler::Schedule": (
        {"Target": {"Arn": "arn:aws:lambda:::f", "RoleArn": "ROLE"}},
        "must allow AWS EventBridge Scheduler to assume the role",
    ),
    "AWS::Events::Rule": (
        {
            "Targets": [
                {"Arn": "arn:aws:lambda:::f", "Id": "1"},
                {"Arn": "arn:aws:sqs:::q", "Id": "2", "RoleArn": "ROLE"},
            ]
        },
        "cannot be assumed by principal 'events.amazonaws.com'",
    ),
}
SERVICES = {kind: kind.split("::")[1].lower().replace("stepfunctions", "states") for kind in RESOURCES}


def stack(folder: Path, kind: str, properties: dict[str, Any], document: dict[str, Any]) -> LocalAWS:
    """A stack of one resource and its role."""
    body = json.dumps(properties).replace('"ROLE"', '{"Fn::GetAtt": ["Role", "Arn"]}')
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": document}}
    resources = {"Role": role, "It": {"Type": kind, "Properties": json.loads(body)}}
    (folder / "template.yaml").write_text(json.dumps({"Resources": resources}))
    return LocalAWS(folder / "lake", folder / "template.yaml")


@pytest.mark.parametrize("kind", RESOURCES)
@pytest.mark.parametrize("condition", [OTHER, None], ids=["other-account", "other-service"])
def test_a_resource_is_not_deployed_with_a_role_that_does_not_trust_its_service(
    tmp_path: Path, kind: str, condition: dict[str, Any] | None
) -> None:
    properties, message = RESOURCES[kind]
    document = trust(SERVICES[kind], Condition=condition) if condition else trust("ec2")
    with pytest.raises(StackError, match=f"It: .*{message}"), stack(tmp_path, kind, properties, document):
        pass


@pytest.mark.parametrize("kind", RESOURCES)
def test_a_resource_is_deployed_with_a_role_that_trusts_its_service(tmp_path: Path, kind: str) -> None:
    sent = CONDITION_KEYS_SENT[f"{SERVICES[kind]}.amazonaws.com"].keys
    document = trust(SERVICES[kind], Condition=OWN) if "aws:SourceAccount" in sent else trust(SERVICES[kind])
    with stack(tmp_path, kind, RESOURCES[kind][0], document) as aws:
        assert aws.resource("It")


@pytest.fixture
def distrusted(tmp_path: Path) -> Iterator[doors.House]:
    with doors.house(tmp_path, trust("apigateway", Condition=OWN)) as open_house:
        yield open_house


def test_the_api_answers_500_if_its_role_does_not_trust_api_gateway(distrusted: doors.House) -> None:
    answer = doors.send(distrusted.open, "POST", "/monthly", b"{}", {"Content-Type": "application/json"})
    assert answer.status_code == 500
    assert answer.json()["error"] == "Unavailable"  # as the API words gateway responses of 500
    assert distrusted.inputs() == {}


@pytest.mark.parametrize(("condition", "state"), [(OWN, "FAILED"), (None, "SUCCEEDED")])
def test_a_job_fails_if_its_role_does_not_trust_databrew(
    tmp_path: Path, condition: dict[str, Any] | None, state: str
) -> None:
    document = trust("databrew", **({"Condition": condition} if condition else {}))
    role = {
        "AssumeRolePolicyDocument": document,
        "Policies": [
            {
                "PolicyName": "all",
                "PolicyDocument": {
                    "Statement": [
                        {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
                    ]
                },
            }
        ],
    }
    steps = [{"Action": {"Operation": "DELETE", "Parameters": {"sourceColumn": "a"}}}]
    resources = {
        "Data": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "data"}},
        "Role": {"Type": "AWS::IAM::Role", "Properties": role},
        "Recipe": {"Type": "AWS::DataBrew::Recipe", "Properties": {"Name": "recipe", "Steps": steps}},
    }
    (tmp_path / "template.yaml").write_text(json.dumps({"Resources": resources}))
    with LocalAWS(tmp_path / "lake", tmp_path / "template.yaml") as aws:
        aws.put("s3://data/in/rows.jsonl", b'{"a": "1", "b": "2"}\n')
        brew, output = aws.client("databrew"), {"Format": "PARQUET", "Location": {"Bucket": "data", "Key": "out/"}}
        brew.publish_recipe(Name="recipe")
        place = {"S3InputDefinition": {"Bucket": "data", "Key": "in/"}}
        brew.create_dataset(Name="set", Format="JSON", Input=place)
        brew.create_recipe_job(
            Name="job",
            DatasetName="set",
            RoleArn=aws.attribute("Role", "Arn"),
            RecipeReference={"Name": "recipe", "RecipeVersion": "1.0"},
            Outputs=[output],
        )
        run = brew.start_job_run(Name="job")["RunId"]
        described: dict[str, Any] = {}

        def ended() -> bool:
            described.update(brew.describe_job_run(Name="job", RunId=run))
            return described["State"] in ("FAILED", "SUCCEEDED")

        wait_for(ended)
    assert described["State"] == state, described
    assert ("databrew.amazonaws.com is not authorized to perform: sts:AssumeRole" in str(described)) == bool(condition)


def test_every_role_of_the_template_trusts_its_services(tmp_path: Path) -> None:
    """Deploying checks all but these three, which are assumed later."""
    with LocalAWS(tmp_path / "lake", TEMPLATE) as aws:
        for role, service in (("ApiRole", "apigateway"), ("TransformRole", "databrew"), ("WorkerRole", "ec2")):
            aws.guard.assume(aws.attribute(role, "Arn"), f"{service}.amazonaws.com")
