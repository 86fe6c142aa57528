"""The daily cost report on the laptop, generated on request."""

import json
from datetime import UTC, datetime
from pathlib import Path

from pipeline.errors import read_failure

from local.cloud.aws import LocalAWS


def report(aws: LocalAWS) -> Path:
    """Generate the report as the daily schedule does; returns the path of its page.

    Raises `RuntimeError` if the function fails.
    """
    event = {"at": datetime.now(UTC).isoformat(timespec="seconds")}
    result = aws.functions.invoke(aws.resource("CostReportFunction"), event)
    answer = json.loads(result.payload)
    if result.failed:
        failure = read_failure(answer["errorType"], result.payload.decode())
        raise RuntimeError(f"the cost report failed: {failure.error}: {failure.sentence}")
    return aws.lake / aws.resource("ResultsBucket") / str(answer["key"])
