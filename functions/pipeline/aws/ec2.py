"""The workers' EC2 instances: one per task token, terminated with their run."""

import hashlib
import os
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.config import Config
from botocore.exceptions import ClientError

from pipeline.aws.clients import client
from pipeline.aws.http import send
from pipeline.contracts import keys
from pipeline.contracts.records import WorkerJob
from pipeline.contracts.states import LaunchedWorker
from pipeline.errors import NoCapacity

if TYPE_CHECKING:
    from mypy_boto3_ec2.literals import ResourceTypeType
    from mypy_boto3_ec2.type_defs import FilterTypeDef, TagSpecificationTypeDef

LIFETIME_MINUTES = 150  # longer than the state's timeout of two hours
NO_CAPACITY = {
    "InsufficientFreeAddressesInSubnet",
    "InsufficientHostCapacity",
    "InsufficientInstanceCapacity",
    "Unsupported",  # the zone does not offer the type
    "VcpuLimitExceeded",
}
CODE_SECONDS = 30
SHEBANG = "#!/bin/bash\n"  # cloud-init runs user data as a script only if it starts so
USER_DATA = Path(__file__).parents[2] / "ec2" / "user_data.sh"
GIVEN = ("DATA_BUCKET", "SOURCE_URL", "BACKOFF_SECONDS", "ANSWER_SECONDS", "USER_AGENT", "WORKER_LOG_GROUP")

# botocore retries InsufficientInstanceCapacity as transient: with its default of five attempts, up to 15 s per type.
ec2 = client("ec2", config=Config(retries={"total_max_attempts": 2}))


def attempt_id(task_token: str) -> str:
    """The id of one attempt at the state, whose every attempt has its own token: 16 hexadecimal digits."""
    return hashlib.sha256(task_token.encode()).hexdigest()[:16]


def function_bundle() -> bytes:
    """This function's deployment package, from `GetFunction`: the worker runs the same code."""
    name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
    location = client("lambda").get_function(FunctionName=name)["Code"]["Location"]
    return send("GET", location, CODE_SECONDS)


def launch(job: WorkerJob, job_key: str, entered_at: str) -> LaunchedWorker:
    """Launch the job's instance, of the first type available in any subnet.

    Idempotent for each type and subnet: a request depends only on the job and on when the state was entered, so when it
    is repeated EC2 returns the same instance. Raises `NoCapacity` if no type is available in any subnet.
    """
    expires = (datetime.fromisoformat(entered_at) + timedelta(minutes=LIFETIME_MINUTES)).isoformat(timespec="minutes")
    instance_tags = {"run_id": job.run_id, "table_id": job.table_id, "expires_at": expires, "Name": "singstat-worker"}
    types, subnets = os.environ["INSTANCE_TYPES"].split(","), os.environ["WORKER_SUBNETS"].split(",")
    for instance_type, subnet in product(types, subnets):
        try:
            started = ec2.run_instances(
                LaunchTemplate={"LaunchTemplateId": os.environ["LAUNCH_TEMPLATE"], "Version": "$Latest"},
                InstanceType=instance_type,  # type: ignore[arg-type]
                SubnetId=subnet,
                ClientToken=hashlib.sha256(f"{job.task_token} {instance_type} {subnet}".encode()).hexdigest(),
                UserData=_user_data(job_key, keys.code(job.run_id)),
                TagSpecifications=[_tags("instance", instance_tags), _tags("volume", {})],
                MinCount=1,
                MaxCount=1,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in NO_CAPACITY:
                raise
        else:
            return LaunchedWorker(instance_id=started["Instances"][0]["InstanceId"], instance_type=instance_type)
    raise NoCapacity(f"EC2 has no capacity for {', '.join(types)} in {len(subnets)} zones")


def terminate(run_id: str) -> None:
    """Terminate the run's instances."""
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


def _tags(resource_type: "ResourceTypeType", tags: dict[str, str]) -> "TagSpecificationTypeDef":
    """All tags of the resource; the launch template has none, as AWS does not document how it merges the two."""
    tags = tags | {"application": os.environ["APPLICATION"]}
    return {"ResourceType": resource_type, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def _user_data(job_key: str, code_key: str) -> str:
    """The worker's script, preceded by its variables; user data can be read with EC2's API, so they hold no secret."""
    variables = {name: os.environ[name] for name in GIVEN} | {
        "AWS_DEFAULT_REGION": os.environ["AWS_REGION"],
        "JOB_KEY": job_key,
        "CODE_KEY": code_key,
        "LIFETIME_MINUTES": str(LIFETIME_MINUTES),
    }
    exports = [f"export {name}='{value}'\n" for name, value in variables.items()]
    return "".join([SHEBANG, *exports, USER_DATA.read_text("utf-8")])
