"""AccessDenied in each service's protocol."""

import json
import uuid
from xml.sax.saxutils import escape

from local.cloud.iam.calls import Environ
from local.cloud.wsgi import Response

FORBIDDEN = "403 Forbidden"
CODES = {"ec2": "UnauthorizedOperation", "sns": "AuthorizationError"}


def refusal(environ: Environ, service: str, message: str) -> Response:
    """The response to a request that is not allowed."""
    request = str(uuid.uuid4())
    headers = [("x-amzn-RequestId", request), ("x-amz-request-id", request)]
    if "HTTP_X_AMZ_TARGET" in environ:  # AWS's JSON protocol answers 400, never 403
        text = json.dumps({"__type": "AccessDeniedException", "Message": message})
        return Response("400 Bad Request", [*headers, ("Content-Type", "application/x-amz-json-1.1")], text.encode())
    if service == "s3" or environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        code = CODES.get(service, "AccessDenied")
        body = _xml(service, f"<Code>{code}</Code><Message>{escape(message)}</Message>", request)
        if environ["REQUEST_METHOD"] == "HEAD":
            body = ""
        return Response(FORBIDDEN, [*headers, ("Content-Type", "text/xml")], body.encode())
    headers += [("Content-Type", "application/json"), ("x-amzn-ErrorType", "AccessDeniedException")]
    return Response(FORBIDDEN, headers, json.dumps({"Message": message}).encode())


def _xml(service: str, error: str, request: str) -> str:
    if service == "s3":
        return f"<Error>{error}<RequestId>{request}</RequestId></Error>"
    if service == "ec2":
        return f"<Response><Errors><Error>{error}</Error></Errors><RequestID>{request}</RequestID></Response>"
    return f"<ErrorResponse><Error><Type>Sender</Type>{error}</Error><RequestId>{request}</RequestId></ErrorResponse>"
