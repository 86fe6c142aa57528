"""Parse an HTTP request as an AWS API call: access key, service, operation and parameters."""

import io
import json
import re
from functools import cache
from html import unescape
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

CREDENTIAL = re.compile(r"Credential=([^/,]+)/\d{8}/[^/]+/([^/]+)/aws4_request")
PLACE = re.compile(r"\{(\w+)(\+?)\}")
MODELS = {"states": "stepfunctions"}
READ = "singstat.call"  # in the environ of a request whose call has been read: several routes ask for it
HEADERS = {"CopySource": "HTTP_X_AMZ_COPY_SOURCE", "IfNoneMatch": "HTTP_IF_NONE_MATCH"}

Environ = dict[str, Any]


class Call(NamedTuple):
    """An AWS API call. `service` is the IAM prefix; `parameters` are named as in the request."""

    service: str
    operation: str
    parameters: dict[str, Any]


class UnknownCallError(Exception):
    """A request that the laptop cannot parse, or whose permissions it does not know."""


def signed(environ: Environ) -> tuple[str, str] | None:
    """The access key and service of a request signed by header or query string; None for an unsigned request."""
    credential = environ.get("HTTP_AUTHORIZATION")
    if not credential:
        credential = f"Credential={dict(parse_qsl(environ.get('QUERY_STRING', ''))).get('X-Amz-Credential', '')}"
    found = CREDENTIAL.search(credential)
    return (found[1], found[2]) if found else None


def read_call(environ: Environ, service: str) -> Call:
    """The call that a request makes; its body stays readable. Raises `UnknownCallError` if no operation matches."""
    known: Call | None = environ.get(READ)
    if known is None or known.service != service:
        known = environ[READ] = _read_call(environ, service)
    return known


def _read_call(environ: Environ, service: str) -> Call:
    target: str = environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        return Call(service, target.rpartition(".")[2], json.loads(_body(environ) or b"{}"))
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        form = dict(parse_qsl(_body(environ).decode(), keep_blank_values=True))
        return Call(service, form["Action"], form)
    path, query = environ["PATH_INFO"].encode("latin-1").decode(), _query(environ)
    for operation in _operations(service, environ["REQUEST_METHOD"]):
        if (named := operation.path.fullmatch(path)) and operation.matches(query, environ):
            body = _structure(operation, environ)
            return Call(service, operation.name, body | query | named.groupdict())
    raise UnknownCallError(f"no operation of {service} is {environ['REQUEST_METHOD']} {path}")


class _Operation(NamedTuple):
    """A REST operation: its path pattern, and what distinguishes it from others on the same path."""

    name: str
    path: re.Pattern[str]
    fixed: dict[str, str]
    needed: set[str]
    headers: set[str]
    takes_json: bool

    def matches(self, query: dict[str, str], environ: Environ) -> bool:
        return (
            self.fixed.items() <= query.items()
            and self.needed <= query.keys()
            and all(header in environ for header in self.headers)
        )


@cache
def _models() -> Loader:
    """A private loader: S3 clients modify the models of theirs."""
    return Loader()


@cache
def _operations(service: str, method: str) -> list[_Operation]:
    """The operations of an HTTP method, most specific first."""
    try:
        model = ServiceModel(_models().load_service_model(MODELS.get(service, service), "service-2"))
    except UnknownServiceError as error:
        raise UnknownCallError(f"there is no service {service}") from error
    all_of_them = [model.operation_model(name) for name in model.operation_names]
    found = [_operation(one) for one in all_of_them if one.http["method"] == method]
    return sorted(found, key=lambda one: -len(one.fixed) - len(one.needed) - len(one.headers))


def _operation(model: OperationModel) -> _Operation:
    path, _, query = model.http["requestUri"].partition("?")
    shape: Any = model.input_shape
    required = [shape.members[name].serialization for name in shape.required_members] if shape else []
    headers = {part["name"] for part in required if part.get("location") == "header"}
    form = PLACE.sub(lambda place: f"(?P<{place[1]}>{'.+' if place[2] else '[^/]+'})", path)
    return _Operation(
        name=model.name,
        path=re.compile(f"{form.rstrip('/')}/?"),
        fixed=dict(parse_qsl(query, keep_blank_values=True)),
        needed={part["name"] for part in required if part.get("location") == "querystring"},
        headers={f"HTTP_{header.upper().replace('-', '_')}" for header in headers},
        takes_json=model.metadata["protocol"] == "rest-json" and not (shape and shape.serialization.get("payload")),
    )


def _structure(operation: _Operation, environ: Environ) -> dict[str, Any]:
    """Parameters in the body: JSON members, and the keys of DeleteObjects. Payloads are not read."""
    if operation.name == "DeleteObjects":
        keys = re.findall(r"<Key>(.*?)</Key>", _body(environ).decode(), re.DOTALL)
        return {"Keys": [unescape(key) for key in keys]}
    body = _body(environ) if operation.takes_json else b""
    return dict(json.loads(body)) if body else {}


def _query(environ: Environ) -> dict[str, str]:
    headers = {name: environ[header] for name, header in HEADERS.items() if header in environ}
    return dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)) | headers


def _body(environ: Environ) -> bytes:
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body
