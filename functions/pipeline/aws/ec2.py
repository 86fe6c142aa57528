"""The workers' EC2 instances: started once for a task token, gone with their run."""

import hashlib
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import requests
from botocore.config import Config
from botocore.exceptions import ClientError

from pipeline.contracts import keys
from pipeline.contracts.records import WorkerJob
from pipeline.contracts.states import LaunchedWorker
from pipeline.errors import NoCapacity

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import FilterTypeDef

LIFETIME_MINUTES = 150  # longer than the state's two hours
NO_CAPACITY = {"InsufficientInstanceCapacity", "InsufficientHostCapacity", "Unsupported", "VcpuLimitExceeded"}
CODE_SECONDS = 30
SHEBANG = "#!/bin/bash\n"  # without it as its first line EC2 runs nothing
USER_DATA = Path(__file__).parents[2] / "ec2" / "user_data.sh"
GIVEN = ("DATA_BUCKET", "SOURCE_URL", "BACKOFF_SECONDS", "PUBLISHED_DATABASE", "STAGED_DATABASE", "WORKER_LOG_GROUP")

# Boto takes a lack of capacity for a passing fault: asked five times, each type would cost up to 15 seconds.
ec2 = boto3.client("ec2", config=Config(retries={"total_max_attempts": 2}))


def attempt_id(task_token: str) -> str:
    """A short name for one try of the state: every try has a token of its own."""
    return hashlib.sha256(task_token.encode()).hexdigest()[:16]


def function_bundle() -> bytes:
    """The code bundle that this function runs, as it was deployed."""
    name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
    location = boto3.client("lambda").get_function(FunctionName=name)["Code"]["Location"]
    answer = requests.get(location, timeout=CODE_SECONDS)
    answer.raise_for_status()
    return answer.content


def launch(job: WorkerJob, job_key: str, entered_at: str) -> LaunchedWorker:
    """The job's instance, of the first type that AWS has; asked again for the same token, the same instance.

    All that is asked follows from the token and from when the state was entered, so a repeated call is one call.
    Raises `NoCapacity` when no type of the list can be had.
    """
    expires = (datetime.fromisoformat(entered_at) + timedelta(minutes=LIFETIME_MINUTES)).isoformat(timespec="minutes")
    refused = []
    for instance_type in os.environ["INSTANCE_TYPES"].split(","):
        try:
            started = ec2.run_instances(
                LaunchTemplate={"LaunchTemplateId": os.environ["LAUNCH_TEMPLATE"], "Version": "$Latest"},
                InstanceType=instance_type,  # type: ignore[arg-type]
                ClientToken=hashlib.sha256(f"{job.task_token} {instance_type}".encode()).hexdigest(),
                UserData=_user_data(job_key, keys.code(job.run_id)),
                TagSpecifications=[
                    {
                        "ResourceType": "instance",
                        "Tags": [
                            {"Key": "run_id", "Value": job.run_id},
                            {"Key": "table_id", "Value": job.table_id},
                            {"Key": "expires_at", "Value": expires},
                        ],
                    }
                ],
                MinCount=1,
                MaxCount=1,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in NO_CAPACITY:
                raise
            refused.append(instance_type)
        else:
            return LaunchedWorker(instance_id=started["Instances"][0]["InstanceId"], instance_type=instance_type)
    raise NoCapacity(f"AWS has none of the instance types {', '.join(refused)}")


def terminate(run_id: str) -> None:
    """Terminate every instance of a run that is not gone already."""
    alive: list[FilterTypeDef] = [
        {"Name": "tag:run_id", "Values": [run_id]},
        {"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]},
    ]
    pages = ec2.get_paginator("describe_instances").paginate(Filters=alive)
    found = [
        instance["InstanceId"] for page in pages for group in page["Reservations"] for instance in group["Instances"]
    ]
    if found:
        ec2.terminate_instances(InstanceIds=found)


def _user_data(job_key: str, code_key: str) -> str:
    """The worker's script after its variables. No secret is among them: user data are no place for the token."""
    variables = {name: os.environ[name] for name in GIVEN} | {
        "AWS_DEFAULT_REGION": os.environ["AWS_REGION"],
        "JOB_KEY": job_key,
        "CODE_KEY": code_key,
        "LIFETIME_MINUTES": str(LIFETIME_MINUTES),
    }
    exports = [f"export {name}='{value}'\n" for name, value in variables.items()]
    return "".join([SHEBANG, *exports, USER_DATA.read_text("utf-8")])
