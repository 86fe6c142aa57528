"""The run's DataBrew job. DataBrew takes no parameters: each run has a dataset and a job of its own, named after it."""

import os
from contextlib import suppress

import boto3

from pipeline.aws.data_bucket import BUCKET
from pipeline.contracts import keys

NODES = 2
TIMEOUT_MINUTES = 60
LIVE = {"STARTING", "RUNNING", "SUCCEEDED"}

databrew = boto3.client("databrew")


def job_name(run_id: str) -> str:
    return f"{os.environ['RECIPE_NAME']}-{run_id}"


def create_job(run_id: str) -> str:
    """The name of the job that turns `flattened/<run_id>/` into the run's staged Parquet; made unless it is there."""
    name, tags = job_name(run_id), {"application": os.environ["APPLICATION"]}
    with suppress(databrew.exceptions.ConflictException):
        databrew.create_dataset(
            Name=name,
            Format="JSON",
            Input={"S3InputDefinition": {"Bucket": BUCKET, "Key": keys.flattened(run_id)}},
            Tags=tags,
        )
    with suppress(databrew.exceptions.ConflictException):
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
                    "Location": {"Bucket": BUCKET, "Key": keys.staged_run(run_id)},
                    "Format": "PARQUET",
                    "CompressionFormat": "SNAPPY",
                    "PartitionColumns": ["frequency", "table_id"],
                    "Overwrite": True,
                }
            ],
        )
    return name


def start(job: str) -> str:
    """The id of the job's run; a run that a lost answer started before is taken up, not doubled."""
    for run in databrew.list_job_runs(Name=job)["JobRuns"]:
        if run["State"] in LIVE:
            return run["RunId"]
    return databrew.start_job_run(Name=job)["RunId"]


def state(job: str, job_run_id: str) -> tuple[str, str, int]:
    """DataBrew's state of the run, its error message and the seconds that it has worked."""
    run = databrew.describe_job_run(Name=job, RunId=job_run_id)
    return run["State"], run.get("ErrorMessage", ""), run.get("ExecutionTime", 0)


def stop_and_delete(job: str, job_run_id: str) -> None:
    """Leave nothing running; a job that is still stopping cannot be deleted yet and stays, idle and free of charge."""
    if state(job, job_run_id)[0] in LIVE - {"SUCCEEDED"}:
        databrew.stop_job_run(Name=job, RunId=job_run_id)
    with suppress(databrew.exceptions.ConflictException):
        delete(job)


def delete_jobs_of_run(run_id: str) -> None:
    """Stop and delete whatever job a run has left; nothing happens when it has none."""
    job = job_name(run_id)
    with suppress(databrew.exceptions.ResourceNotFoundException):
        for run in databrew.list_job_runs(Name=job)["JobRuns"]:
            stop_and_delete(job, run["RunId"])


def delete(job: str) -> None:
    databrew.delete_job(Name=job)
    databrew.delete_dataset(Name=job)
