"""One question to Cost Explorer, at 0.01 USD a page. The SDK finds its one region by itself."""

import os
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from pipeline.billing.bill import Bill, read

if TYPE_CHECKING:
    from mypy_boto3_ce.type_defs import GetCostAndUsageRequestTypeDef

TAG = "application"
MAX_PAGES = 2  # a month by service fits one; an endless answer would cost without end
DENIED, NO_DATA = "AccessDeniedException", "DataUnavailableException"

ce = boto3.client("ce", config=Config(retries={"mode": "standard", "max_attempts": 5}))


def ask(first: date, last: date) -> Bill:
    """What the application cost from the first day to the last. No data yet or no access is said in the bill.

    Raises `RuntimeError` when there are more than two pages, and AWS's error for all else, throttling after retries.
    """
    request: GetCostAndUsageRequestTypeDef = {
        "TimePeriod": {"Start": first.isoformat(), "End": (last + timedelta(days=1)).isoformat()},
        "Granularity": "DAILY",
        "Metrics": ["UnblendedCost"],
        "GroupBy": [{"Type": "DIMENSION", "Key": "SERVICE"}],
        "Filter": {"Tags": {"Key": TAG, "Values": [os.environ["APPLICATION"]]}},
    }
    try:
        bill = read(_results(request))
    except ClientError as error:
        return _refused(error)
    if bill.charges:
        return bill
    return Bill(
        [],
        notice=f"No cost carries the tag {TAG} = {os.environ['APPLICATION']} yet.",
        remedy="Activate the cost allocation tag in the billing console; the bill shows it a day later, "
        "and splits nothing from before.",
    )


def _results(request: "GetCostAndUsageRequestTypeDef") -> list[Any]:
    results: list[Any] = []
    for _ in range(MAX_PAGES):
        answer = ce.get_cost_and_usage(**request)
        results += answer["ResultsByTime"]
        if "NextPageToken" not in answer:
            return results
        request["NextPageToken"] = answer["NextPageToken"]
    raise RuntimeError(f"Cost Explorer's answer has more than {MAX_PAGES} pages")


def _refused(error: ClientError) -> Bill:
    code = error.response["Error"]["Code"]
    if code == DENIED:
        return Bill(
            [],
            notice="Cost Explorer gives no access.",
            remedy="Let IAM see the billing (an account setting), and let the function's role call ce:GetCostAndUsage. "
            f"AWS says: {error.response['Error']['Message']}",
        )
    if code == NO_DATA:
        return Bill(
            [],
            notice="Cost Explorer has no data yet.",
            remedy="Open it once in the billing console; its first data come within a day.",
        )
    raise error
