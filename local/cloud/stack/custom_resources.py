"""Custom resources: their function receives a Create event and PUTs its response to the laptop."""

import json
import uuid
from typing import Any

from local.cloud.stack.intrinsics import PSEUDO_PARAMETERS
from local.cloud.stack.resources import Deployment, Made, Properties, StackError
from local.cloud.wsgi import Response

ANSWERS_PATH = "/_custom-resources/"


def is_custom(kind: str) -> bool:
    """Whether resources of a type are created by a function."""
    return kind.startswith("Custom::") or kind == "AWS::CloudFormation::CustomResource"


def make(to: Deployment, logical_id: str, kind: str, properties: Properties) -> Made:
    """Invoke the `ServiceToken` function. Raises `StackError` if it reports FAILED or does not respond."""
    request = str(uuid.uuid4())
    event = {
        "RequestType": "Create",
        "ResponseURL": f"{to.url}{ANSWERS_PATH}{request}",
        "StackId": PSEUDO_PARAMETERS["AWS::StackId"],
        "RequestId": request,
        "LogicalResourceId": logical_id,
        "ResourceType": kind,
        "ResourceProperties": _texts(properties),
    }
    result = to.functions.invoke(properties["ServiceToken"].split(":")[-1], event)
    answer = to.answers.pop(request, None)
    if answer is None:
        raise StackError(f"{logical_id}: its function sent no response: {result.payload.decode()}")
    if answer["Status"] != "SUCCESS":
        raise StackError(f"{logical_id}: {answer.get('Reason', 'its function reported FAILED')}")
    return Made(answer["PhysicalResourceId"], answer.get("Data", {}))


def route(to: Deployment, environ: dict[str, Any]) -> Response | None:
    """Receive a function's response; None for any other request."""
    path: str = environ["PATH_INFO"]
    if not path.startswith(ANSWERS_PATH):
        return None
    if environ.get("CONTENT_TYPE"):  # CloudFormation presigns the URL without a Content-Type, which S3 compares
        return Response("403 Forbidden", [], b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    to.answers[path.removeprefix(ANSWERS_PATH)] = json.loads(body)
    return Response("200 OK", [], b"")


def _texts(value: Any) -> Any:
    """CloudFormation passes every scalar as text."""
    if isinstance(value, dict):
        return {name: _texts(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_texts(item) for item in value]
    return str(value).lower() if isinstance(value, bool) else str(value)
