"""Shared by the functions behind the API: a handler that logs no bodies, and JSON responses."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
from aws_lambda_powertools.utilities.typing import LambdaContext

from pipeline.contracts.api import ApiRequest, ApiResponse
from pipeline.handler import logger

HEADERS = {"Content-Type": "application/json", "Cache-Control": "no-store"}


def api(function: Callable[[ApiRequest], ApiResponse]) -> Callable[[dict[str, Any], LambdaContext], Any]:
    """Make `function` a Lambda handler for API Gateway, which answers 502 if it raises."""

    @logger.inject_lambda_context(clear_state=True)
    def handler(event: dict[str, Any], _: LambdaContext) -> Any:
        response = function(msgspec.convert(event, ApiRequest))
        logger.info(function.__module__, extra={"status": response.status_code})
        return msgspec.to_builtins(response)

    return handler


def ok_response(body: msgspec.Struct) -> ApiResponse:
    """200 with a JSON body."""
    return ApiResponse(status_code=200, headers=HEADERS, body=msgspec.json.encode(body).decode())


def error_response(status: int, error: str, message: str) -> ApiResponse:
    """An error's name and message as a JSON body."""
    return ApiResponse(status_code=status, headers=HEADERS, body=json.dumps({"error": error, "message": message}))
