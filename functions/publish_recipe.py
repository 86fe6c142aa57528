"""Custom resource PublishedRecipe: publish the recipe; with the stack, delete all that it has in DataBrew."""

import json
import os
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from pipeline.aws import databrew
from pipeline.aws.http import send
from pipeline.handler import logger

RESPONSE_SECONDS = 10
REASON_CHARACTERS = 1000  # of a response of at most 4,096 bytes


@logger.inject_lambda_context
def handler(event: dict[str, Any], _: LambdaContext) -> None:
    """Respond to CloudFormation in any case: otherwise it waits for `ServiceTimeout`."""
    response = {name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
    response |= {"PhysicalResourceId": os.environ["RECIPE_NAME"], "Status": "SUCCESS"}
    try:
        if event["RequestType"] == "Delete":
            databrew.delete_all()
        else:
            response["Data"] = {"Version": databrew.publish_recipe()}
    except Exception as error:  # noqa: BLE001 - CloudFormation must get a response to any failure
        logger.exception("PublishedRecipe")
        reason = f"{type(error).__name__}: {error}"[:REASON_CHARACTERS]
        response |= {"Status": "FAILED", "Reason": reason}
    respond(event["ResponseURL"], response)


def respond(url: str, response: dict[str, Any]) -> None:
    """PUT the response to CloudFormation's presigned URL, whose signature covers an empty Content-Type."""
    send("PUT", url, RESPONSE_SECONDS, body=json.dumps(response).encode(), headers={"Content-Type": ""})
