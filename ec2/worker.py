"""The process on the EC2 instance. Its argument is the key of a `WorkerJob` in the data bucket."""

import os
import signal
import sys
import threading

import boto3
from pipeline.aws import data_bucket
from pipeline.contracts.records import WorkerJob
from pipeline.errors import SpotInterrupted
from pipeline.handler import logger
from pipeline.worker.download import run_job
from pipeline.worker.host import CloudWatchHandler, watch_for_interruption
from pipeline.worker.task_token import Cancellation


def main(key: str) -> None:
    """Run the job until its task has ended; SIGTERM, sent on shutdown, ends it as `SpotInterrupted`."""
    cancellation = Cancellation()
    signal.signal(signal.SIGTERM, lambda *_: cancellation.cancel(SpotInterrupted("the instance is shutting down")))
    job = data_bucket.read(key, WorkerJob)
    logger.append_keys(run_id=job.run_id, table_id=job.table_id, attempt=job.attempt)
    if group := os.environ.get("WORKER_LOG_GROUP"):
        handler = CloudWatchHandler(group, f"worker/{job.run_id}/{job.table_id}/{job.attempt}")
        handler.setFormatter(logger.registered_formatter)
        logger.addHandler(handler)
    threading.Thread(target=watch_for_interruption, args=(cancellation,), daemon=True).start()
    run_job(job, boto3.client("stepfunctions"), cancellation)


if __name__ == "__main__":
    main(sys.argv[1])
    for handler in logger.handlers:
        handler.close()
    sys.stdout.flush()
    os._exit(0)  # does not wait for threads with pending requests
