"""API Gateway on the laptop: a WSGI application built from the template's OpenAPI body."""

import logging
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from werkzeug.wrappers import Request, Response

from local.cloud.account import ACCOUNT
from local.cloud.api.integrations import Call, Context, Integrations
from local.cloud.api.refusals import Refusal, refuse
from local.cloud.api.routes import EXTENSION, Route, read_routes
from local.cloud.api.signatures import Signatures
from local.cloud.documented_limits import API_HEADER_BYTES

BODY_BYTES = 10 * 1024 * 1024
HOSTS = ("127.0.0.1", "localhost")

log = logging.getLogger(__name__)


class Gateway:
    """Serves the deployed API; checks signatures unless `signatures` is None."""

    def __init__(self, body: Mapping[str, Any], integrations: Integrations, signatures: Signatures | None) -> None:
        """`body` is that of a RestApi, with all intrinsic functions resolved."""
        self._routes = read_routes(body)
        self._wording = body.get(f"{EXTENSION}-gateway-responses", {})
        self._integrations, self._signatures = integrations, signatures

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        now = datetime.now(UTC)
        request, context = Request(environ), _context(environ, now)
        try:
            response = self._answer(request, context, now)
        except Refusal as refusal:
            response = refuse(refusal, self._wording)
        except Exception:  # not disclosed to the caller, as on AWS
            log.exception("%s %s", request.method, request.path)
            response = refuse(Refusal("DEFAULT_5XX", "Internal server error"), self._wording)
        response.headers["x-amzn-RequestId"] = context["requestId"]
        return response(environ, start_response)

    def _answer(self, request: Request, context: Context, now: datetime) -> Response:
        if request.host.partition(":")[0] not in HOSTS:
            raise Refusal("ACCESS_DENIED", "Forbidden")  # prevents DNS rebinding
        if _header_bytes(request) > API_HEADER_BYTES.limit:
            raise Refusal("DEFAULT_4XX", "Request Header Fields Too Large")  # AWS documents the limit, not its response
        body = request.stream.read(BODY_BYTES + 1)
        if len(body) > BODY_BYTES:
            raise Refusal("REQUEST_TOO_LARGE", "Request Too Long")
        target: str = request.environ["RAW_URI"]
        route, parameters = self._route(request.method, target.partition("?")[0])
        context["resourcePath"] = route.resource
        if route.signed and self._signatures:
            self._signatures.check(request, target, body, now)
        route.validate(request.mimetype or "application/json", body)
        return self._integrations.answer(route.integration, Call(request, body, parameters, context))

    def _route(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        for route in self._routes:
            parameters = route.match(method, path)
            if parameters is not None:
                return route, parameters
        raise Refusal("MISSING_AUTHENTICATION_TOKEN", "Missing Authentication Token")  # AWS's answer for unknown routes


def _header_bytes(request: Request) -> int:
    line = f"{request.method} {request.environ['RAW_URI']} {request.environ['SERVER_PROTOCOL']}"
    return len(line) + sum(len(value) for value in request.headers.values())


def _context(environ: Mapping[str, Any], now: datetime) -> Context:
    """The `$context` of a request."""
    request_id = str(uuid.uuid4())
    return {
        "accountId": ACCOUNT,
        "apiId": "laptop",
        "domainName": environ.get("HTTP_HOST", ""),
        "extendedRequestId": request_id,
        "httpMethod": environ["REQUEST_METHOD"],
        "identity": {"sourceIp": environ["REMOTE_ADDR"], "userAgent": environ.get("HTTP_USER_AGENT")},
        "path": environ["PATH_INFO"],
        "protocol": environ["SERVER_PROTOCOL"],
        "requestId": request_id,
        "requestOverride": {"header": {}, "path": {}, "querystring": {}},
        "requestTime": f"{now:%d/%b/%Y:%H:%M:%S %z}",
        "requestTimeEpoch": int(now.timestamp() * 1000),
        "responseOverride": {"header": {}},
        "stage": "laptop",
    }
