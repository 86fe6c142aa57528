"""AWS Cost Explorer: `GetCostAndUsage`, 0.01 USD per page. It has one endpoint, which boto3 resolves by itself."""

import os
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import ClientError

from pipeline.aws.clients import client
from pipeline.billing.bill import Bill, read

if TYPE_CHECKING:
    from mypy_boto3_ce.type_defs import GetCostAndUsageRequestTypeDef

TAG = "application"
MAX_PAGES = 2  # a month by service fits on one; each page costs money
DENIED, NO_DATA = "AccessDeniedException", "DataUnavailableException"

ce = client("ce", config=Config(retries={"mode": "standard", "max_attempts": 5}))


def get_bill(first: date, last: date) -> Bill:
    """The costs of the application from `first` to `last`; a bill with a notice if there is no data or no access.

    Raises `RuntimeError` if there are more than two pages, `ValueError` if the bill mixes currencies, and botocore's
    `ClientError` for any other error, throttling after retries.
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
        return _notice(error)
    if bill.charges:
        return bill
    return Bill(
        [],
        notice=f"No costs are tagged {TAG} = {os.environ['APPLICATION']} yet.",
        remedy="Activate the cost allocation tag in the Billing console. It takes up to 24 hours, "
        "and earlier costs stay untagged.",
    )


def _results(request: "GetCostAndUsageRequestTypeDef") -> list[Any]:
    results: list[Any] = []
    for _ in range(MAX_PAGES):
        response = ce.get_cost_and_usage(**request)
        results += response["ResultsByTime"]
        if "NextPageToken" not in response:
            return results
        request["NextPageToken"] = response["NextPageToken"]
    raise RuntimeError(f"GetCostAndUsage returned more than {MAX_PAGES} pages")


def _notice(error: ClientError) -> Bill:
    code = error.response["Error"]["Code"]
    if code == DENIED:
        return Bill(
            [],
            notice="Access to Cost Explorer was denied.",
            remedy="Activate IAM access to billing in the account settings, and allow ce:GetCostAndUsage in the role "
            f"of the function. The error: {error.response['Error']['Message']}",
        )
    if code == NO_DATA:
        return Bill(
            [],
            notice="Cost Explorer has no data yet.",
            remedy="Open Cost Explorer once in the Billing console; data is available within 24 hours.",
        )
    raise error
