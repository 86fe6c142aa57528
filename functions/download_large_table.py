"""State DownloadLargeTable: launch an EC2 instance for the table; its worker reports to the task token."""

import os

from pipeline.aws import data_bucket, ec2
from pipeline.contracts import keys
from pipeline.contracts.records import WorkerJob
from pipeline.contracts.states import LaunchedWorker, LaunchRequest
from pipeline.handler import task


@task
def handler(request: LaunchRequest) -> LaunchedWorker:
    """Raises `NoCapacity` if AWS has none of the instance types."""
    attempt = ec2.attempt_id(request.task_token)
    job_key = keys.job(request.run_id, request.table_id, attempt)
    job = WorkerJob(
        run_id=request.run_id,
        table_id=request.table_id,
        attempt=attempt,
        task_token=request.task_token,
        connections=int(os.environ["WORKER_CONNECTIONS"]),
        heartbeat_seconds=request.heartbeat_seconds,
    )
    data_bucket.write(job_key, job)
    data_bucket.write_once(keys.code(request.run_id), ec2.function_bundle())
    return ec2.launch(job, job_key, request.entered_at)
