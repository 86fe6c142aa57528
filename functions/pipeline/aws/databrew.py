"""The run's DataBrew dataset and job. StartJobRun takes no parameters, so each run has its own, named after it."""

import os
import time
from contextlib import suppress
from http import HTTPStatus

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from pipeline.aws.clients import client
from pipeline.contracts import keys
from pipeline.errors import TransformLost

NODES = 2
TIMEOUT_MINUTES = 60
STARTED = {"STARTING", "RUNNING", "SUCCEEDED"}
BUSY = {"STARTING", "RUNNING", "STOPPING"}
STOP_SECONDS, POLL_SECONDS = 120, 2

START_AGAIN = (0.5, 1, 2, 4)  # seconds before each further attempt

databrew = client("databrew")
# StartJobRun has no token: sent again by botocore after a lost answer, it would start a second run beside the first.
starting = client("databrew", config=Config(retries={"total_max_attempts": 1}))


def job_name(run_id: str) -> str:
    """The name of the run's dataset and job: letters, digits, `-` and `.`, at most 222 of 240 characters.

    DataBrew's names exclude `_`; run ids and stack names exclude `.`, so no two runs share a name.
    """
    return f"{os.environ['RECIPE_NAME']}.{run_id.replace('_', '.')}"


def create_job(run_id: str) -> str:
    """Create the dataset and the job from `flattened/<run_id>/` to the run's staged Parquet; the job's name.

    What an earlier attempt has created is kept.
    """
    name, bucket, tags = job_name(run_id), os.environ["DATA_BUCKET"], {"application": os.environ["APPLICATION"]}
    with _existing():
        databrew.create_dataset(
            Name=name,
            Format="JSON",
            Input={"S3InputDefinition": {"Bucket": bucket, "Key": keys.flattened(run_id)}},
            Tags=tags,
        )
    with _existing():
        databrew.create_recipe_job(
            Name=name,
            DatasetName=name,
            RecipeReference={"Name": os.environ["RECIPE_NAME"], "RecipeVersion": os.environ["RECIPE_VERSION"]},
            RoleArn=os.environ["TRANSFORM_ROLE"],
            EncryptionMode="SSE-KMS",
            EncryptionKeyArn=os.environ["KEY_ARN"],
            LogSubscription="ENABLE",
            MaxCapacity=NODES,
            MaxRetries=0,
            Timeout=TIMEOUT_MINUTES,
            Tags=tags,
            Outputs=[
                {
                    "Location": {"Bucket": bucket, "Key": keys.staged_run(run_id)},
                    "Format": "PARQUET",
                    "CompressionFormat": "SNAPPY",
                    "PartitionColumns": ["frequency", "table_id"],
                    "Overwrite": True,
                }
            ],
        )
    return name


def start(job: str) -> str:
    """Start the job unless an earlier attempt has, whose answer may have been lost; the id of its run."""
    waits = iter(START_AGAIN)
    while True:
        for run in databrew.list_job_runs(Name=job)["JobRuns"]:
            if run["State"] in STARTED:
                return run["RunId"]
        try:
            return starting.start_job_run(Name=job)["RunId"]
        except (ClientError, BotoCoreError) as error:
            seconds = next(waits, None)
            if seconds is None or _is_refused(error):
                raise
            time.sleep(seconds)


def _is_refused(error: Exception) -> bool:
    if not isinstance(error, ClientError):
        return False
    throttled = error.response["Error"]["Code"] == "ThrottlingException"
    return error.response["ResponseMetadata"]["HTTPStatusCode"] < HTTPStatus.INTERNAL_SERVER_ERROR and not throttled


def state(job: str, job_run_id: str) -> tuple[str, str, int]:
    """The job run's state, error message and billed seconds, from `DescribeJobRun`.

    Raises `TransformLost` if the job was deleted, as it is when its run has failed.
    """
    try:
        run = databrew.describe_job_run(Name=job, RunId=job_run_id)
    except databrew.exceptions.ResourceNotFoundException as error:
        raise TransformLost(f"the job {job} was deleted when the run failed") from error
    return run["State"], run.get("ErrorMessage", ""), run.get("ExecutionTime", 0)


def delete(name: str) -> None:
    """Delete the job and the dataset of this name, each if it exists."""
    with _absent():
        databrew.delete_job(Name=name)
    with _absent():
        databrew.delete_dataset(Name=name)


def stop_and_delete(name: str) -> None:
    """Stop the job if it is running, then delete it and its dataset, each if it exists.

    Raises DataBrew's `ConflictException` if the job has not stopped within 120 seconds: call again.
    """
    with _absent():
        _stop(name)
    delete(name)


def delete_all() -> None:
    """Delete the jobs and datasets of all runs, then the published versions of the recipe.

    Jobs come first: DataBrew keeps a version that a job refers to, and CloudFormation deletes a recipe only if no
    published version is left. Raises as `stop_and_delete`.
    """
    prefix = job_name("")
    jobs = [job["Name"] for page in databrew.get_paginator("list_jobs").paginate() for job in page["Jobs"]]
    pages = databrew.get_paginator("list_datasets").paginate()
    datasets = [dataset["Name"] for page in pages for dataset in page["Datasets"]]
    for name in sorted({*jobs, *datasets}):
        if name.startswith(prefix):
            stop_and_delete(name)
    recipe = os.environ["RECIPE_NAME"]
    with _absent():
        versions = databrew.get_paginator("list_recipe_versions").paginate(Name=recipe)
        for version in [each["RecipeVersion"] for page in versions for each in page["Recipes"]]:
            databrew.delete_recipe_version(Name=recipe, RecipeVersion=version)


def _stop(job: str) -> None:
    deadline = time.monotonic() + STOP_SECONDS
    while busy := [run for run in databrew.list_job_runs(Name=job)["JobRuns"] if run["State"] in BUSY]:
        for run in busy:
            if run["State"] != "STOPPING":
                databrew.stop_job_run(Name=job, RunId=run["RunId"])
        if time.monotonic() > deadline:
            return
        time.sleep(POLL_SECONDS)


def publish_recipe() -> str:
    """Publish the recipe's working version; the number of the published version."""
    recipe = os.environ["RECIPE_NAME"]
    databrew.publish_recipe(Name=recipe)
    return databrew.describe_recipe(Name=recipe, RecipeVersion="LATEST_PUBLISHED")["RecipeVersion"]


def _absent() -> suppress:
    return suppress(databrew.exceptions.ResourceNotFoundException)


def _existing() -> suppress:
    return suppress(databrew.exceptions.ConflictException)
