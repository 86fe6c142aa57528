"""The daily cost report on the laptop, made when somebody asks for it."""

import json
from datetime import UTC, datetime
from pathlib import Path

from local.cloud.aws import LocalAWS


def report(aws: LocalAWS) -> Path:
    """Make the report of today as the daily schedule does; the page. Raises `RuntimeError` when the function fails."""
    event = {"at": datetime.now(UTC).isoformat(timespec="seconds")}
    result = aws.functions.invoke(aws.resource("CostReportFunction"), event)
    answer = json.loads(result.payload)
    if result.failed:
        raise RuntimeError(f"the cost report failed: {answer['errorType']}: {answer['errorMessage']}")
    return aws.lake / aws.resource("ResultsBucket") / str(answer["key"])
