"""AWS quotas that neither botocore's models nor moto enforce, each with the page that documents it."""

from typing import NamedTuple

DOCS = "https://docs.aws.amazon.com"


class Quota(NamedTuple):
    """The largest permitted value."""

    limit: int
    page: str


ENVIRONMENT_BYTES = Quota(4096, f"{DOCS}/lambda/latest/dg/gettingstarted-limits.html")
EXECUTION_NAME_DAYS = Quota(90, f"{DOCS}/step-functions/latest/apireference/API_StartExecution.html")
INLINE_POLICIES_CHARACTERS = Quota(10_240, f"{DOCS}/IAM/latest/UserGuide/reference_iam-quotas.html")
MANAGED_POLICY_CHARACTERS = Quota(6144, f"{DOCS}/IAM/latest/UserGuide/reference_iam-quotas.html")
STATE_DATA_BYTES = Quota(262_144, f"{DOCS}/step-functions/latest/dg/service-quotas.html")
TRUST_POLICY_CHARACTERS = Quota(2048, f"{DOCS}/IAM/latest/UserGuide/reference_iam-quotas.html")
USER_DATA_BYTES = Quota(16_384, f"{DOCS}/AWSEC2/latest/UserGuide/user-data.html")
