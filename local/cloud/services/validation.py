"""Request validation as AWS does it. botocore checks only types and minimum lengths before it sends a request."""

import io
import re
from collections.abc import Iterator
from functools import cache
from http import HTTPStatus
from typing import Any, NamedTuple

from botocore.exceptions import UnknownServiceError
from moto.core.parse import PROTOCOL_PARSERS, RequestParserError
from moto.core.request import determine_request_protocol
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Request

from local.cloud.documented_limits import LIMITS, Limit
from local.cloud.iam.calls import MODELS, Call, Environ, UnknownCallError, read_call, signed
from local.cloud.wsgi import Response

# Error codes other than ValidationException.
CODES = {
    "athena": "InvalidRequestException",
    "ec2": "InvalidParameterValue",
    "iam": "ValidationError",
    "logs": "InvalidParameterException",
    "s3": "InvalidArgument",
    "sns": "InvalidParameter",
    "sts": "ValidationError",
}
SURROGATE_PAIRS = (r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF")


class InvalidRequest(Exception):
    """An error of a service, as moto's serializers read it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class Violation(NamedTuple):
    """A constraint that a parameter does not satisfy; `code` is empty for a constraint of the model."""

    message: str
    code: str = ""


def route(environ: Environ) -> Response | None:
    """The error response to a request whose parameters violate a constraint; None for any other request."""
    found = signed(environ)
    if not found:
        return None
    try:
        call = read_call(environ, found[1])
        model = _model(call.service)
    except (UnknownCallError, UnknownServiceError):
        return None
    operation = model.operation_model(call.operation)
    protocol = determine_request_protocol(model, environ.get("CONTENT_TYPE", ""))
    try:
        parameters = _parameters(environ, call, operation, protocol)
    except (AttributeError, RequestParserError, TypeError, ValueError):
        return None  # malformed: the service rejects it
    violations = list(_violations(call.service, operation.input_shape, parameters)) if parameters else []
    if not violations:
        return None
    response = _refused(violations, call.service, operation, protocol)
    return response._replace(body=b"") if environ["REQUEST_METHOD"] == "HEAD" else response


@cache
def _model(service: str) -> Any:
    return get_service_model(MODELS.get(service, service))


def _parameters(environ: Environ, call: Call, operation: Any, protocol: str) -> dict[str, Any]:
    request = Request({**environ, "wsgi.input": io.BytesIO()}, populate_request=False)
    form = protocol in ("query", "ec2")
    parsed: dict[str, Any] = PROTOCOL_PARSERS[protocol](operation).parse(
        {
            "method": request.method,
            "values": MultiDict(call.parameters) if form else request.args,
            "headers": request.headers,
            "body": b"" if form else _body(environ, operation.input_shape),
            "url_path": request.path,
            "url_params": call.parameters,
        }
    )
    return parsed


def _body(environ: Environ, shape: Any) -> bytes:
    """The body, left to be read again; empty if it is a payload without structure, such as an S3 object."""
    payload = shape.serialization.get("payload") if shape else None
    if payload and shape.members[payload].type_name in ("blob", "string"):
        return b""
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _violations(service: str, shape: Any, value: Any, path: str = "") -> Iterator[Violation]:
    for failure in _failures(shape, value):
        yield Violation(f"Value '{value}' at '{path}' failed to satisfy constraint: Member must {failure}")
    if limit := LIMITS.get((service, shape.name)):
        yield from _beyond(limit, value, path)
    for name, member, item in _items(shape, value):
        yield from _violations(service, member, item, f"{path}.{name}" if path else name)


def _items(shape: Any, value: Any) -> Iterator[tuple[str, Any, Any]]:
    """The name, shape and value of each member of a structure, list or map."""
    if shape.type_name == "structure" and not shape.is_document_type:
        for name, item in value.items():
            yield name[:1].lower() + name[1:], shape.members[name], item
    elif shape.type_name == "list":
        for number, item in enumerate(value, start=1):
            yield f"{number}.member", shape.member, item
    elif shape.type_name == "map":
        for key, item in value.items():
            yield f"{key}.key", shape.key, key
            yield f"{key}.value", shape.value, item


def _failures(shape: Any, value: Any) -> Iterator[str]:
    """The constraints of a shape that its value does not satisfy, in the words of AWS's services."""
    rules = shape.metadata
    number = isinstance(value, int | float)
    size, noun = (value, "value") if number else (len(value) if hasattr(value, "__len__") else None, "length")
    if size is not None and not isinstance(value, bool) and shape.type_name != "structure":
        if size < rules.get("min", size):
            yield f"have {noun} greater than or equal to {rules['min']}"
        if size > rules.get("max", size):
            yield f"have {noun} less than or equal to {rules['max']}"
    if isinstance(value, str):
        if (allowed := rules.get("enum")) and value not in allowed:
            yield f"satisfy enum value set: [{', '.join(allowed)}]"
        if (pattern := rules.get("pattern")) and (compiled := _compiled(pattern)) and not compiled.fullmatch(value):
            yield f"satisfy regular expression pattern: {pattern}"


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """A Java pattern, whose classes are ASCII; None for what Python lacks: the Unicode classes of tags."""
    try:
        return re.compile(pattern.replace(*SURROGATE_PAIRS), re.ASCII)
    except re.error:
        return None


def _beyond(limit: Limit, value: Any, path: str) -> Iterator[Violation]:
    texts = [text for pair in value.items() for text in pair] if isinstance(value, dict) else [value]
    if limit.pattern and not re.fullmatch(limit.pattern, value):
        yield Violation(limit.message or f"Value '{value}' at '{path}' is invalid: {limit.rule}", limit.code)
    if limit.max_bytes is not None and sum(len(text.encode()) for text in texts) > limit.max_bytes:
        yield Violation(limit.message or f"Value at '{path}' is invalid: {limit.rule}", limit.code)


def _refused(violations: list[Violation], service: str, operation: Any, protocol: str) -> Response:
    own = next((one for one in violations if one.code), None)
    code = own.code if own else CODES.get(service, "ValidationException")
    plural = "s" if len(violations) > 1 else ""
    all_of_them = "; ".join(one.message for one in violations)
    message = own.message if own else f"{len(violations)} validation error{plural} detected: {all_of_them}"
    serializer = get_serializer_class(operation.service_model.service_name, protocol)(operation)
    answer = serializer.serialize(InvalidRequest(code, message))
    status = HTTPStatus(answer["status_code"])
    return Response(f"{status.value} {status.phrase}", list(answer["headers"].items()), answer["body"].encode())
