"""The reports in the results bucket."""

import os

from botocore.config import Config
from botocore.exceptions import ClientError

from pipeline.aws.clients import client

BUCKET = os.environ["RESULTS_BUCKET"]
URL_SECONDS = 600

# KMS-encrypted objects require Signature Version 4. botocore presigns for bucket.s3.amazonaws.com by default, which
# redirects requests for a new bucket to the regional host, where the signature is no longer valid.
s3 = client(
    "s3",
    config=Config(
        signature_version="s3v4", s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"}
    ),
)


def write(key: str, body: bytes, content_type: str) -> None:
    """Store a report file at `key`."""
    s3.put_object(Bucket=BUCKET, Key=key, Body=body, ContentType=content_type)


def is_there(key: str) -> bool:
    """Whether the report at `key` exists."""
    try:
        s3.head_object(Bucket=BUCKET, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] == "404":
            return False
        raise
    return True


def url(key: str, method: str) -> str:
    """A presigned URL for the report, valid for 600 seconds and for one method: GET or HEAD."""
    call = "head_object" if method == "HEAD" else "get_object"
    return s3.generate_presigned_url(call, Params={"Bucket": BUCKET, "Key": key}, ExpiresIn=URL_SECONDS)
