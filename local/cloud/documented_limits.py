"""Limits that AWS documents in prose and that neither botocore's models nor moto have, each with its page.

Quotas are checked where the laptop creates the thing, `LIMITS` for every request, in services/validation.py.
"""

from typing import NamedTuple

DOCS = "https://docs.aws.amazon.com"


class Quota(NamedTuple):
    """The largest permitted value."""

    limit: int
    page: str


API_HEADER_BYTES = Quota(
    10_240, f"{DOCS}/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html"
)  # the request line and all header values together
ENVIRONMENT_BYTES = Quota(4096, f"{DOCS}/lambda/latest/dg/gettingstarted-limits.html")
EXECUTION_NAME_DAYS = Quota(90, f"{DOCS}/step-functions/latest/apireference/API_StartExecution.html")
INLINE_POLICIES_CHARACTERS = Quota(10_240, f"{DOCS}/IAM/latest/UserGuide/reference_iam-quotas.html")
MANAGED_POLICY_CHARACTERS = Quota(6144, f"{DOCS}/IAM/latest/UserGuide/reference_iam-quotas.html")
REDRIVABLE_DAYS = Quota(14, f"{DOCS}/step-functions/latest/apireference/API_RedriveExecution.html")
STATE_DATA_BYTES = Quota(262_144, f"{DOCS}/step-functions/latest/dg/service-quotas.html")
TRUST_POLICY_CHARACTERS = Quota(2048, f"{DOCS}/IAM/latest/UserGuide/reference_iam-quotas.html")
USER_DATA_BYTES = Quota(16_384, f"{DOCS}/AWSEC2/latest/UserGuide/user-data.html")
DATABREW_RESOURCES = Quota(100, f"{DOCS}/general/latest/gr/databrew.html")  # datasets, jobs and recipes, each
DATABREW_BATCH = Quota(50, f"{DOCS}/databrew/latest/dg/API_BatchDeleteRecipeVersion.html")


class Limit(NamedTuple):
    """A limit of a shape, with the page that states it. A map's size is that of its keys and values together."""

    rule: str
    source: str
    pattern: str = ""
    max_bytes: int | None = None
    code: str = ""
    message: str = ""


def _databrew_name(action: str) -> Limit:
    return Limit(
        rule="Valid characters are alphanumeric (A-Z, a-z, 0-9), hyphen (-), period (.), and space",
        source=f"{DOCS}/databrew/latest/dg/API_{action}.html",
        pattern=r"[A-Za-z0-9 .-]+",
    )


# By IAM's service prefix and the shape's name in botocore's model.
LIMITS = {
    ("athena", "QueryString"): Limit(
        rule="The maximum query string length is 262,144 bytes",
        source=f"{DOCS}/athena/latest/ug/service-limits.html",
        max_bytes=262_144,
    ),
    ("databrew", "DatasetName"): _databrew_name("CreateDataset"),
    ("databrew", "JobName"): _databrew_name("CreateRecipeJob"),
    ("databrew", "RecipeName"): _databrew_name("CreateRecipe"),
    ("s3", "Metadata"): Limit(
        rule="User-defined metadata is limited to 2 KB in size",
        source=f"{DOCS}/AmazonS3/latest/userguide/UsingMetadata.html",
        max_bytes=2_048,
        code="MetadataTooLarge",
        message="Your metadata headers exceed the maximum allowed metadata size",
    ),
    ("s3", "ObjectKey"): Limit(
        rule="The key of an object is at most 1,024 bytes long",
        source=f"{DOCS}/AmazonS3/latest/userguide/object-keys.html",
        max_bytes=1_024,
        code="KeyTooLongError",
        message="Your key is too long",
    ),
    ("sns", "message"): Limit(
        rule="Message too long: at most 262,144 bytes",
        source=f"{DOCS}/sns/latest/api/API_Publish.html",
        max_bytes=262_144,
    ),
    ("sns", "subject"): Limit(
        rule="Subjects must be UTF-8 text with no line breaks or control characters, and less than 100 characters long",
        source=f"{DOCS}/sns/latest/api/API_Publish.html",
        pattern=r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]{1,99}",
    ),
}
