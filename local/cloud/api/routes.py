"""The routes of an OpenAPI body as API Gateway reads it: matching of requests, and validation of their bodies."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from jsonschema import Draft4Validator, ValidationError
from jsonschema.validators import extend

from local.cloud.api.refusals import Refusal

EXTENSION = "x-amazon-apigateway"
METHODS = ("get", "post", "put", "patch", "delete", "head", "options")

Body = Mapping[str, Any]


@dataclass(frozen=True)
class Route:
    """A method of a resource. `models` by content type, empty if bodies are not validated."""

    method: str
    resource: str
    integration: Mapping[str, Any]
    signed: bool
    models: Mapping[str, Any]

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """The path parameters of a request if it matches, else None. `path` is percent-encoded."""
        names, sent = self.resource.split("/"), path.split("/")
        if method != self.method or len(names) != len(sent):
            return None
        parameters = {}
        for name, segment in zip(names, sent, strict=True):
            if name.startswith("{") and segment:
                parameters[name[1:-1]] = unquote(segment)
            elif name != segment:
                return None
        return parameters

    def validate(self, content_type: str, body: bytes) -> None:
        """Raises `Refusal` if the body violates the model of its content type; a type without a model passes."""
        if content_type not in self.models:
            return
        try:
            Model(self.models[content_type]).validate(parse(body))
        except (ValidationError, ValueError, RecursionError) as error:
            raise Refusal("BAD_REQUEST_BODY", "Invalid request body") from error


def parse(body: bytes) -> Any:
    """The JSON value of a body, `{}` if it is empty. Raises `ValueError` or `RecursionError` if it is invalid."""
    return json.loads(body.decode() or "{}", parse_constant=_refuse_constant)


def read_routes(body: Body) -> list[Route]:
    """All methods that an OpenAPI body declares."""
    return [
        Route(
            method=method.upper(),
            resource=resource,
            integration=operation[f"{EXTENSION}-integration"],
            signed=_signed(body, operation),
            models=dict(_models(body, operation)),
        )
        for resource, operations in body["paths"].items()
        for method, operation in operations.items()
        if method in METHODS
    ]


def _signed(body: Body, operation: Body) -> bool:
    schemes = body.get("components", {}).get("securitySchemes", {})
    needed = operation.get("security", body.get("security", []))
    return any(schemes[name].get(f"{EXTENSION}-authtype") == "awsSigv4" for one in needed for name in one)


def _models(body: Body, operation: Body) -> Iterator[tuple[str, Any]]:
    key = f"{EXTENSION}-request-validator"
    validator = operation.get(key, body.get(key))
    if validator and body[f"{key}s"][validator]["validateRequestBody"]:
        for content_type, content in operation.get("requestBody", {}).get("content", {}).items():
            yield content_type, {**content["schema"], "components": body.get("components", {})}


def _pattern(validator: Any, pattern: str, text: Any, schema: Any) -> Iterator[ValidationError]:
    """In a model `$` matches only at the end of the string; in Python also before a trailing newline."""
    ends = re.sub(r"\$$", r"\\Z", pattern)
    if isinstance(text, str) and not re.search(ends, text):
        yield ValidationError(f"{text!r} does not match {pattern!r}")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


Model = extend(Draft4Validator, {"pattern": _pattern})
