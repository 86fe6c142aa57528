"""State DownloadLargeTable: start one EC2 instance for the table; its worker answers with the task token."""

import os

from pipeline import instances, keys, lake
from pipeline.events import LaunchedWorker, LaunchRequest, WorkerJob
from pipeline.task import task


@task
def handler(request: LaunchRequest) -> LaunchedWorker:
    attempt = instances.attempt(request.task_token)
    job_key = keys.job(request.run_id, request.table_id, attempt)
    job = WorkerJob(
        run_id=request.run_id,
        table_id=request.table_id,
        attempt=attempt,
        task_token=request.task_token,
        connections=int(os.environ["WORKER_CONNECTIONS"]),
        heartbeat_seconds=request.heartbeat_seconds,
    )
    lake.write(job_key, job)
    lake.write_once(keys.code(request.run_id), instances.own_code())
    return instances.launch(job, job_key, request.entered_at)
