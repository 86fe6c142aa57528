"""The process on the EC2 instance: does the job whose key in the data bucket is the only argument."""

import os
import signal
import sys
import threading

import boto3
from pipeline.aws import data_bucket
from pipeline.contracts.records import WorkerJob
from pipeline.errors import SpotInterrupted
from pipeline.handler import logger
from pipeline.worker.download import work
from pipeline.worker.host import CloudWatch, watch_for_interruption
from pipeline.worker.task_token import Stop


def main(key: str) -> None:
    """Work until the job is answered for, or nobody waits for it any more."""
    stop = Stop()
    signal.signal(signal.SIGTERM, lambda *_: stop.set(SpotInterrupted("the instance was shut down")))
    job = data_bucket.read(key, WorkerJob)
    logger.append_keys(run_id=job.run_id, table_id=job.table_id, attempt=job.attempt)
    if group := os.environ.get("WORKER_LOG_GROUP"):
        handler = CloudWatch(group, f"worker/{job.run_id}/{job.table_id}/{job.attempt}")
        handler.setFormatter(logger.registered_formatter)
        logger.addHandler(handler)
    threading.Thread(target=watch_for_interruption, args=(stop,), daemon=True).start()
    work(job, boto3.client("stepfunctions"), stop)


if __name__ == "__main__":
    main(sys.argv[1])
    for handler in logger.handlers:
        handler.close()
    sys.stdout.flush()
    os._exit(0)  # a page that SingStat still keeps waiting must not keep the instance
