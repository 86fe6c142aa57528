"""Limits that AWS documents in prose and that botocore's models lack."""

from typing import NamedTuple


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
        source=f"https://docs.aws.amazon.com/databrew/latest/dg/API_{action}.html",
        pattern=r"[A-Za-z0-9 .-]+",
    )


# By IAM's service prefix and the shape's name in botocore's model.
LIMITS = {
    ("athena", "QueryString"): Limit(
        rule="The maximum query string length is 262,144 bytes",
        source="https://docs.aws.amazon.com/athena/latest/ug/service-limits.html",
        max_bytes=262_144,
    ),
    ("databrew", "DatasetName"): _databrew_name("CreateDataset"),
    ("databrew", "JobName"): _databrew_name("CreateRecipeJob"),
    ("databrew", "RecipeName"): _databrew_name("CreateRecipe"),
    ("s3", "Metadata"): Limit(
        rule="User-defined metadata is limited to 2 KB in size",
        source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html",
        max_bytes=2_048,
        code="MetadataTooLarge",
        message="Your metadata headers exceed the maximum allowed metadata size",
    ),
    ("s3", "ObjectKey"): Limit(
        rule="The key of an object is at most 1,024 bytes long",
        source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html",
        max_bytes=1_024,
        code="KeyTooLongError",
        message="Your key is too long",
    ),
    ("sns", "message"): Limit(
        rule="Message too long: at most 262,144 bytes",
        source="https://docs.aws.amazon.com/sns/latest/api/API_Publish.html",
        max_bytes=262_144,
    ),
    ("sns", "subject"): Limit(
        rule="Subjects must be UTF-8 text with no line breaks or control characters, and less than 100 characters long",
        source="https://docs.aws.amazon.com/sns/latest/api/API_Publish.html",
        pattern=r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]{1,99}",
    ),
}
