"""CloudFormation's custom resources: their function gets a Create event and PUTs its answer to the front."""

import json
import uuid
from typing import Any

from local.cloud.stack.intrinsics import PSEUDO_PARAMETERS
from local.cloud.stack.resources import Deployment, Made, Properties, StackError
from local.cloud.wsgi import Response

ANSWERS_PATH = "/_custom-resources/"


def is_custom(kind: str) -> bool:
    """Whether a type is made by a function of the template."""
    return kind.startswith("Custom::") or kind == "AWS::CloudFormation::CustomResource"


def make(to: Deployment, logical_id: str, kind: str, properties: Properties) -> Made:
    """Invoke the `ServiceToken`'s function and take its answer. Errors: StackError, it failed or did not answer."""
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
        raise StackError(f"{logical_id}: its function did not answer: {result.payload.decode()}")
    if answer["Status"] != "SUCCESS":
        raise StackError(f"{logical_id}: {answer.get('Reason', 'its function says FAILED')}")
    return Made(answer["PhysicalResourceId"], answer.get("Data", {}))


def route(to: Deployment, environ: dict[str, Any]) -> Response | None:
    """Keep an answer that a function PUTs; None for any other request."""
    path: str = environ["PATH_INFO"]
    if not path.startswith(ANSWERS_PATH):
        return None
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    to.answers[path.removeprefix(ANSWERS_PATH)] = json.loads(body)
    return Response("200 OK", [], b"")


def _texts(value: Any) -> Any:
    """CloudFormation hands every scalar over as text."""
    if isinstance(value, dict):
        return {name: _texts(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_texts(item) for item in value]
    return str(value).lower() if isinstance(value, bool) else str(value)
