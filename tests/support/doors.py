"""The API of template.yaml in front of a machine that does nothing, so that thousands of requests take seconds."""

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

from local.cli.serve import Door, serving
from local.cloud.account import ACCOUNT, REGION
from local.cloud.aws import LocalAWS
from local.cloud.stack.template import HERE, TEMPLATE, load_template

FUNCTIONS = Path(__file__).parent / "platform/functions"
MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:singstat"
NOTHING = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}
ROUTES = ("monthly", "quarterly", "yearly")


class House(NamedTuple):
    """A laptop's AWS whose API is served twice: to anyone, and to those who sign."""

    aws: LocalAWS
    open: Door
    signed: Door

    def inputs(self) -> dict[str, Any]:
        """The input of every execution by its name."""
        client = self.aws.client("stepfunctions")
        pages = client.get_paginator("list_executions").paginate(stateMachineArn=MACHINE)
        return {one["name"]: self.input(one["executionArn"]) for page in pages for one in page["executions"]}

    def input(self, execution: str) -> Any:
        """The input of an execution by its ARN."""
        return json.loads(self.aws.client("stepfunctions").describe_execution(executionArn=execution)["input"])


@contextmanager
def house(folder: Path) -> Iterator[House]:
    """Open in an empty folder."""
    folder.joinpath("template.yaml").write_text(json.dumps(small_template(folder)))
    with (
        LocalAWS(folder / "lake", folder / "template.yaml") as aws,
        serving(aws, authenticated=False) as anyone,
        serving(aws) as signed,
    ):
        yield House(aws, anyone, signed)


def small_template(folder: Path) -> dict[str, Any]:
    """template.yaml's API and its role, with stand-ins for the machine and the functions."""
    whole = load_template(TEMPLATE, folder / ".cache")
    trust = {"Version": "2012-10-17", "Statement": []}
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
    door: Door, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> requests.Response:
    """A request as it is, signed if the door asks for it. The path is not tidied up, as a browser would."""
    if door.keys:
        headers = sign(door, method, path, body, headers)
    prepared = requests.Request(method, door.url, dict(headers or {}), data=body).prepare()
    prepared.url = door.url + path
    with requests.Session() as session:
        return session.send(prepared, allow_redirects=False)


def sign(
    door: Door, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The headers of a signed request."""
    assert door.keys
    request = AWSRequest(method, door.url + path, dict(headers or {}), body)
    SigV4Auth(Credentials(*door.keys), "execute-api", REGION).add_auth(request)
    return dict(request.headers)


def raw(door: Door, text: bytes) -> bytes:
    """What is answered to bytes on the line."""
    port = int(door.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        line.sendall(text)
        line.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: line.recv(65536), b""))
