"""Custom resource PublishedRecipe: publish the recipe's working version; take all versions away with the stack."""

import os
from typing import Any

import boto3
import requests
from aws_lambda_powertools.utilities.typing import LambdaContext
from pipeline.handler import logger

RECIPE = os.environ["RECIPE_NAME"]
ANSWER_SECONDS = 10

databrew = boto3.client("databrew")


@logger.inject_lambda_context
def handler(event: dict[str, Any], _: LambdaContext) -> None:
    """Answer CloudFormation in any case: a custom resource that stays silent blocks the stack for an hour."""
    answer = {name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
    answer |= {"PhysicalResourceId": RECIPE, "Status": "SUCCESS"}
    try:
        if event["RequestType"] == "Delete":
            delete_versions()
        else:
            answer["Data"] = {"Version": publish()}
    except Exception as error:  # noqa: BLE001 - whatever it is, the stack must hear of it
        logger.exception("recipe")
        answer |= {"Status": "FAILED", "Reason": f"{type(error).__name__}: {error}"}
    requests.put(event["ResponseURL"], json=answer, timeout=ANSWER_SECONDS).raise_for_status()


def publish() -> str:
    """The number of the version just published."""
    databrew.publish_recipe(Name=RECIPE)
    return databrew.describe_recipe(Name=RECIPE, RecipeVersion="LATEST_PUBLISHED")["RecipeVersion"]


def delete_versions() -> None:
    """DataBrew lets go of a recipe only when no published version is left."""
    pages = databrew.get_paginator("list_recipe_versions").paginate(Name=RECIPE)
    versions = [recipe["RecipeVersion"] for page in pages for recipe in page["Recipes"]]
    for version in versions:
        databrew.delete_recipe_version(Name=RECIPE, RecipeVersion=version)
