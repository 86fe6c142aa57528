"""The API of template.yaml in front of a trivial state machine, so thousands of requests take seconds."""

import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.cli.serve import Endpoint, serving
from local.cloud.account import ACCOUNT, REGION
from local.cloud.aws import LocalAWS
from local.cloud.stack.template import HERE, TEMPLATE, load_template

FUNCTIONS = Path(__file__).parents[1] / "local/platform/functions"
MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:singstat"
NOTHING = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}
ROUTES = ("monthly", "quarterly", "yearly")


class House(NamedTuple):
    """A laptop's AWS that serves its API twice: without and with authentication."""

    aws: LocalAWS
    open: Endpoint
    signed: Endpoint

    def inputs(self) -> dict[str, Any]:
        """Inputs of all executions by name."""
        client = self.aws.client("stepfunctions")
        pages = client.get_paginator("list_executions").paginate(stateMachineArn=MACHINE)
        return {one["name"]: self.input(one["executionArn"]) for page in pages for one in page["executions"]}

    def input(self, execution: str) -> Any:
        """The input of an execution."""
        return json.loads(self.aws.client("stepfunctions").describe_execution(executionArn=execution)["input"])


@contextmanager
def house(folder: Path, trust: dict[str, Any] | None = None) -> Iterator[House]:
    """Deploy into an empty folder; `trust` replaces the trust policy of the API's role."""
    template = small_template(folder)
    if trust:
        template["Resources"]["ApiRole"]["Properties"]["AssumeRolePolicyDocument"] = trust
    folder.joinpath("template.yaml").write_text(json.dumps(template))
    with (
        LocalAWS(folder / "lake", folder / "template.yaml") as aws,
        serving(aws, authenticated=False) as anyone,
        serving(aws) as signed,
    ):
        yield House(aws, anyone, signed)


def small_template(folder: Path) -> dict[str, Any]:
    """template.yaml's API and its role, with stubs for the state machine and the functions."""
    whole = load_template(TEMPLATE)
    services = ["lambda.amazonaws.com", "states.amazonaws.com"]
    statement = {"Effect": "Allow", "Principal": {"Service": services}, "Action": "sts:AssumeRole"}
    trust = {"Version": "2012-10-17", "Statement": [statement]}
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Code": {"S3Bucket": HERE, "S3Key": str(FUNCTIONS)},
            "Handler": "answer.handler",
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
        },
    }
    return {
        "Parameters": whole["Parameters"],
        "Conditions": whole["Conditions"],
        "Resources": {
            **{name: whole["Resources"][name] for name in ("Api", "ApiRole")},
            "DataBucket": {"Type": "AWS::S3::Bucket"},
            "DescribeRunFunction": function,
            "OpenLinkFunction": function,
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}},
            "Pipeline": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {
                    "StateMachineName": "singstat",
                    "DefinitionString": json.dumps(NOTHING),
                    "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                },
            },
        },
    }


def send(
    door: Endpoint, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> requests.Response:
    """Send a request, signed if the door requires it, without normalizing its path."""
    if door.keys:
        headers = sign(door, method, path, body, headers)
    prepared = requests.Request(method, door.url, dict(headers or {}), data=body).prepare()
    prepared.url = door.url + path
    with requests.Session() as session:
        return session.send(prepared, allow_redirects=False)


def sign(
    door: Endpoint, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The headers of a signed request."""
    assert door.keys
    request = AWSRequest(method, door.url + path, dict(headers or {}), body)
    SigV4Auth(Credentials(*door.keys), "execute-api", REGION).add_auth(request)
    return dict(request.headers)


def raw(door: Endpoint, text: bytes) -> bytes:
    """The response to raw bytes."""
    port = int(door.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        line.sendall(text)
        line.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: line.recv(65536), b""))
