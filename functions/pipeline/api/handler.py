"""What the functions behind the API share: a handler that logs no bodies, and answers for programs."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
from aws_lambda_powertools.utilities.typing import LambdaContext

from pipeline.contracts.api import ApiAnswer, ApiRequest
from pipeline.handler import logger

HEADERS = {"Content-Type": "application/json", "Cache-Control": "no-store"}


def api(function: Callable[[ApiRequest], ApiAnswer]) -> Callable[[dict[str, Any], LambdaContext], Any]:
    """Make `function` a Lambda handler behind API Gateway, which answers 502 in its own words if it fails."""

    @logger.inject_lambda_context(clear_state=True)
    def handler(event: dict[str, Any], _: LambdaContext) -> Any:
        answer = function(msgspec.convert(event, ApiRequest))
        logger.info(function.__module__, extra={"status": answer.status_code})
        return msgspec.to_builtins(answer)

    return handler


def ok_response(body: msgspec.Struct) -> ApiAnswer:
    """200 with a JSON body."""
    return ApiAnswer(status_code=200, headers=HEADERS, body=msgspec.json.encode(body).decode())


def error_response(status: int, error: str, message: str) -> ApiAnswer:
    """An error: its name, and what it means."""
    return ApiAnswer(status_code=status, headers=HEADERS, body=json.dumps({"error": error, "message": message}))
