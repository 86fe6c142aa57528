"""An API as it should be, and its defects."""

from tests.template.planted.defect import Defect, Plant, added, having, put
from tests.template.rules import api
from tests.template.rules.application import Application, Document

MODEL = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "tables": {"type": "array", "maxItems": 1500, "items": {"type": "string", "pattern": "^[A-Z]?[0-9]{4,6}$"}},
        "force": {"type": "boolean"},
    },
}
VALIDATOR = "x-amazon-apigateway-request-validator"
STAGE = {
    "RestApiId": "${Api}",
    "MethodSettings": [
        {"HttpMethod": "*", "ResourcePath": "/*", "ThrottlingRateLimit": 1, "ThrottlingBurstLimit": 5},
    ],
}


def body() -> Document:
    """The API's description: one route that is called with a body, one without, one that mails link to."""
    return {
        VALIDATOR: "all",
        f"{VALIDATOR}s": {"all": {"validateRequestBody": True, "validateRequestParameters": True}},
        "components": {"schemas": {"Run": MODEL}},
        "paths": {
            "/monthly": {
                "post": {
                    "security": [{"sigv4": []}],
                    "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Run"}}}},
                }
            },
            "/runs/{runId}": {"get": {"security": [{"sigv4": []}]}},
            "/links/{token}": {"get": {}},
        },
    }


def with_api(application: Application) -> None:
    """The application with this API."""
    resources = {
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Body": body()}},
        "Stage": {"Type": "AWS::ApiGateway::Stage", "Properties": STAGE},
    }
    put(application.translated["Resources"], resources)


def model(**values: object) -> Plant:
    """The body's model changed."""
    return having("Api", "Body", "components", "schemas", Run={**MODEL, **values})


DEFECTS = {
    "anybody starts a run": Defect(
        api.every_caller_is_known, "post /monthly", having("Api", "Body", "paths", "/monthly", "post", security=None)
    ),
    "anybody starts a run by a method": Defect(
        api.every_caller_is_known,
        "post Start",
        added("AWS::ApiGateway::Method", {"HttpMethod": "POST", "ResourceId": "${Start}", "AuthorizationType": "NONE"}),
    ),
    "what is sent is not checked": Defect(
        api.every_request_is_checked, "post /monthly", having("Api", "Body", **{f"{VALIDATOR}s": {}})
    ),
    "what is sent has no model": Defect(
        api.every_body_has_a_closed_model,
        "post /monthly: give it a model",
        having("Api", "Body", "paths", "/monthly", "post", requestBody=None),
    ),
    "anything more may be sent": Defect(
        api.every_body_has_a_closed_model, "additionalProperties false", model(additionalProperties=True)
    ),
    "any number of tables may be sent": Defect(
        api.every_body_has_a_closed_model,
        "maxItems of tables",
        model(properties={"tables": {"type": "array", "items": {"type": "string", "maxLength": 7}}}),
    ),
    "any length of text may be sent": Defect(
        api.every_body_has_a_closed_model, "maxLength of dataset", model(properties={"dataset": {"type": "string"}})
    ),
    "the API is not throttled": Defect(api.every_stage_is_throttled, "Stage", having("Stage", MethodSettings=None)),
    "a function has a door of its own": Defect(
        api.no_door_besides_the_api, "Planted", added("AWS::Lambda::Url", {"AuthType": "NONE"})
    ),
}
