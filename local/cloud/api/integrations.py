"""Integrations of API methods: Step Functions through mapping templates, or a Lambda proxy."""

import base64
import json
import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from airspeed import TemplateError
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session
from werkzeug.wrappers import Request, Response

from local.cloud.account import REGION
from local.cloud.api.refusals import Refusal
from local.cloud.api.velocity import STAGE_VARIABLES, Input, render
from local.cloud.aws import LocalAWS
from local.cloud.iam.guard import AccessDenied

START = "states:action/StartExecution"
TARGET = "AWSStepFunctions.StartExecution"
FUNCTION = re.compile(r":lambda:path/2015-03-31/functions/.*:function:([^:/]+)/invocations$")
JSON = "application/json"

Context = dict[str, Any]
Started = Callable[[str, dict[str, Any]], None]


class Call(NamedTuple):
    """A routed request, with its body, path parameters and `$context`."""

    request: Request
    body: bytes
    parameters: dict[str, str]
    context: Context


class Integrations:
    """Calls the laptop's AWS for the gateway."""

    def __init__(self, aws: LocalAWS, started: Started) -> None:
        """`started` is called with the ARN and input of every execution that the API starts."""
        self._aws, self._started = aws, started
        self._http = URLLib3Session()

    def answer(self, integration: Mapping[str, Any], call: Call) -> Response:
        """The response of an integration. Raises `Refusal` if the integration or its templates fail."""
        uri: str = integration["uri"]
        function = FUNCTION.search(uri)
        if integration["type"] == "aws_proxy" and function:
            return self._invoke(function[1], call)
        if integration["type"] == "aws" and uri.endswith(START):
            return self._start(integration, call)
        raise Refusal("API_CONFIGURATION_ERROR", "Internal server error")

    def _start(self, integration: Mapping[str, Any], call: Call) -> Response:
        request, context = call.request, call.context
        template = integration["requestTemplates"].get(request.mimetype or JSON)
        if template is None:  # passthroughBehavior: never
            raise Refusal("UNSUPPORTED_MEDIA_TYPE", "Unsupported Media Type")
        parameters = {"path": call.parameters, "querystring": dict(request.args), "header": dict(request.headers)}
        try:
            rendered = render(template, Input(call.body.decode(), parameters), context)
            status, answer = self._post(integration["credentials"], rendered)
            mapping = _mapping(integration["responses"], status)
            text = render(mapping["responseTemplates"][JSON], Input(answer.decode(), parameters), context)
        except (AccessDenied, TemplateError, KeyError) as error:
            raise Refusal("API_CONFIGURATION_ERROR", "Internal server error") from error
        if status == HTTPStatus.OK:
            self._started(json.loads(answer)["executionArn"], json.loads(json.loads(rendered)["input"]))
        status = context["responseOverride"].get("status") or int(mapping["statusCode"])
        return Response(text, status, content_type=JSON)

    def _post(self, role: str, payload: str) -> tuple[int, bytes]:
        """Send the rendered request verbatim, as the API's role."""
        keys = self._aws.credentials(role, "apigateway.amazonaws.com")
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": TARGET}
        request = AWSRequest("POST", self._aws.url, headers, payload.encode())
        SigV4Auth(Credentials(*keys.values()), "states", REGION).add_auth(request)
        answer = self._http.send(request.prepare())
        return answer.status_code, answer.content

    def _invoke(self, function: str, call: Call) -> Response:
        result = self._aws.functions.invoke(function, _event(call))
        try:
            answer = json.loads(result.payload)
            sent: str = answer.get("body") or ""
            content = base64.b64decode(sent) if answer.get("isBase64Encoded") else sent.encode()
            headers = {"Content-Type": JSON, **(answer.get("headers") or {})}
            return Response(content, int(answer["statusCode"]), headers)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Refusal("INTEGRATION_FAILURE", "Internal server error") from error


def _event(call: Call) -> dict[str, Any]:
    """The event of a Lambda proxy integration (payload format 1.0)."""
    request, queried = call.request, call.request.args
    return {
        "resource": call.context["resourcePath"],
        "path": request.path,
        "httpMethod": request.method,
        "headers": dict(request.headers),
        "multiValueHeaders": {name: [value] for name, value in request.headers},
        "queryStringParameters": dict(queried) or None,
        "multiValueQueryStringParameters": queried.to_dict(flat=False) or None,
        "pathParameters": call.parameters or None,
        "stageVariables": STAGE_VARIABLES,
        "requestContext": call.context,
        "body": call.body.decode(errors="replace") or None,
        "isBase64Encoded": False,
    }


def _mapping(responses: Mapping[str, Any], status: int) -> Mapping[str, Any]:
    """The response whose pattern matches the status, else the default. Raises `KeyError` if there is neither."""
    pattern = next((one for one in responses if re.fullmatch(one, str(status))), "default")
    mapping: Mapping[str, Any] = responses[pattern]
    return mapping
