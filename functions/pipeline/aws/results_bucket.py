"""The reports in the results bucket."""

import os

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

BUCKET = os.environ["RESULTS_BUCKET"]
URL_SECONDS = 600

s3 = boto3.client("s3", config=Config(signature_version="s3v4"))  # encrypted objects take no other


def write(key: str, body: bytes, content_type: str) -> None:
    """Put a file of a report at `key`."""
    s3.put_object(Bucket=BUCKET, Key=key, Body=body, ContentType=content_type)


def is_there(key: str) -> bool:
    """Whether there is a report at `key`; a deleted one is not there."""
    try:
        s3.head_object(Bucket=BUCKET, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] == "404":
            return False
        raise
    return True


def url(key: str) -> str:
    """A URL that opens the report for ten minutes."""
    return s3.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": key}, ExpiresIn=URL_SECONDS)
