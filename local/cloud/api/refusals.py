"""Gateway responses: the errors that API Gateway returns itself, in the wording of the API."""

import re
from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Response

STATUSES = {
    "ACCESS_DENIED": 403,
    "API_CONFIGURATION_ERROR": 500,
    "BAD_REQUEST_BODY": 400,
    "DEFAULT_4XX": 431,  # only for headers that are too large
    "DEFAULT_5XX": 500,
    "INTEGRATION_FAILURE": 502,
    "INVALID_SIGNATURE": 403,
    "MISSING_AUTHENTICATION_TOKEN": 403,
    "REQUEST_TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
}
VARIABLE = re.compile(r"\$context\.error\.(messageString|message|responseType)")
PLAIN: Mapping[str, Any] = {"responseTemplates": {"application/json": '{"message":$context.error.messageString}'}}


class Refusal(Exception):
    """API Gateway returns an error itself. `kind` is a key of STATUSES, the message is AWS's."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind, self.message = kind, message


def refuse(refusal: Refusal, declared: Mapping[str, Mapping[str, Any]]) -> Response:
    """The response according to the API's `x-amazon-apigateway-gateway-responses`."""
    status = STATUSES[refusal.kind]
    wording = declared.get(refusal.kind) or declared.get(f"DEFAULT_{status // 100}XX") or PLAIN
    values = {
        "message": refusal.message,
        "messageString": f'"{refusal.message}"',
        "responseType": refusal.kind,
    }
    template: str = wording.get("responseTemplates", PLAIN["responseTemplates"])["application/json"]
    text = VARIABLE.sub(lambda found: values[found[1]], template)
    return Response(text, int(wording.get("statusCode", status)), content_type="application/json")
