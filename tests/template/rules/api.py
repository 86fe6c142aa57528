"""Rules of the API: callers are authenticated, request bodies validated, request rates limited."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.template.rules.application import Application, Document, Findings, referred

METHODS = {"get", "put", "post", "patch", "delete", "head", "options", "x-amazon-apigateway-any-method"}
PUBLIC = {"get /links/{token}", "head /links/{token}"}  # a link in a mail: the function verifies its signed token
LIMITS = {"array": ("maxItems",), "string": ("maxLength", "enum", "pattern")}


@dataclass(frozen=True)
class Route:
    """One method of one path."""

    name: str
    authorised: bool
    validated: bool
    schema: Document | None

    @property
    def sends(self) -> bool:
        """Whether its requests have a body."""
        return self.name.startswith(("put ", "post ", "patch ", "x-amazon-apigateway-any-method "))


def every_caller_is_known(application: Application) -> Findings:
    for route in _routes(application):
        if not route.authorised and route.name not in PUBLIC:
            yield f"{route.name}: give it an authoriser"


def every_request_is_checked(application: Application) -> Findings:
    for route in _routes(application):
        if not route.validated:
            yield f"{route.name}: give it a request validator"


def every_body_has_a_closed_model(application: Application) -> Findings:
    for route in _routes(application):
        if route.sends and not route.schema:
            yield f"{route.name}: give it a model"
        for problem in _open(route.schema or {}):
            yield f"{route.name}: its model needs {problem}"


def every_stage_is_throttled(application: Application) -> Findings:
    for name, stage in application.resources("AWS::ApiGateway::Stage").items():
        for_all = [
            item
            for item in stage.get("MethodSettings", [])
            if (item["HttpMethod"], item["ResourcePath"]) == ("*", "/*")
        ]
        if not any({"ThrottlingRateLimit", "ThrottlingBurstLimit"} <= item.keys() for item in for_all):
            yield f"{name}: give all its methods ThrottlingRateLimit and ThrottlingBurstLimit"


def no_door_besides_the_api(application: Application) -> Findings:
    for kind in ("AWS::Lambda::Url", "AWS::ApiGatewayV2::Api", "AWS::ApiGatewayV2::Route"):
        for name in application.resources(kind):
            yield f"{name}: no rule covers {kind}, use the REST API"


def _routes(application: Application) -> Iterator[Route]:
    for api in application.resources("AWS::ApiGateway::RestApi").values():
        yield from _described(api.get("Body", {}))
    for method in application.resources("AWS::ApiGateway::Method").values():
        models = referred(method.get("RequestModels"))
        schemas = [
            model["Schema"] for name, model in application.resources("AWS::ApiGateway::Model").items() if name in models
        ]
        yield Route(
            f"{method['HttpMethod'].lower()} {', '.join(sorted(referred(method['ResourceId'])))}",
            method.get("AuthorizationType", "NONE") != "NONE",
            bool(referred(method.get("RequestValidatorId"))),
            schemas[0] if schemas else None,
        )


def _described(body: Document) -> Iterator[Route]:
    """The routes of an OpenAPI document."""
    shared = body.get("components", {}).get("schemas", {}) | body.get("definitions", {})
    validators = body.get("x-amazon-apigateway-request-validators", {})
    for path, methods in body.get("paths", {}).items():
        for method, operation in methods.items():
            if method in METHODS:
                of_all = {key: body.get(key) for key in ("security", "x-amazon-apigateway-request-validator")}
                settings = {**of_all, **operation}
                by_type = operation.get("x-amazon-apigateway-auth", {}).get("type", "NONE") != "NONE"
                yield Route(
                    f"{method} {path}",
                    by_type or bool(settings["security"]),
                    settings["x-amazon-apigateway-request-validator"] in validators,
                    _schema(operation, shared),
                )


def _schema(operation: Document, shared: Document) -> Document | None:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    bodies = [parameter for parameter in operation.get("parameters", []) if parameter.get("in") == "body"]
    schema: Document | None = (bodies[0] if bodies else content).get("schema")
    return shared.get(schema["$ref"].rpartition("/")[2]) if schema and "$ref" in schema else schema


def _open(schema: Document, name: str = "") -> Findings:
    """The parts of a schema without a limit."""
    kind = schema.get("type")
    if kind == "object" and schema.get("additionalProperties") is not False:
        yield f"additionalProperties false {name}".strip()
    if kind in LIMITS and not any(limit in schema for limit in LIMITS[kind]):
        yield f"{LIMITS[kind][0]} of {name}"
    for key, inner in schema.get("properties", {}).items():
        yield from _open(inner, key)
    if "items" in schema:
        yield from _open(schema["items"], f"each of {name}")


RULES = (
    every_caller_is_known,
    every_request_is_checked,
    every_body_has_a_closed_model,
    every_stage_is_throttled,
    no_door_besides_the_api,
)
