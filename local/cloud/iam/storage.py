"""What calls of S3 need, and the use of the keys that buckets and topics are encrypted with."""

from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from local.cloud.account import REGION
from local.cloud.iam.calls import Call, UnknownCallError
from local.cloud.iam.facts import Facts
from local.cloud.iam.policy import Need

ON_BUCKETS = {
    "GetBucketLocation": "s3:GetBucketLocation",
    "HeadBucket": "s3:ListBucket",
    "ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "ListObjects": "s3:ListBucket",
    "ListObjectsV2": "s3:ListBucket",
    "ListObjectVersions": "s3:ListBucketVersions",
}
ON_OBJECTS = {
    "AbortMultipartUpload": "s3:AbortMultipartUpload",
    "CompleteMultipartUpload": "s3:PutObject",
    "CopyObject": "s3:PutObject",
    "CreateMultipartUpload": "s3:PutObject",
    "DeleteObject": "s3:DeleteObject",
    "GetObject": "s3:GetObject",
    "HeadObject": "s3:GetObject",
    "ListParts": "s3:ListMultipartUploadParts",
    "PutObject": "s3:PutObject",
    "UploadPart": "s3:PutObject",
    "UploadPartCopy": "s3:PutObject",
}
WITH_KEY = {
    "CompleteMultipartUpload": ("Decrypt",),
    "CopyObject": ("GenerateDataKey",),
    "CreateMultipartUpload": ("GenerateDataKey",),
    "GetObject": ("Decrypt",),
    "PutObject": ("GenerateDataKey",),
    "UploadPart": ("Decrypt", "GenerateDataKey"),
    "UploadPartCopy": ("Decrypt", "GenerateDataKey"),
}


def needs(call: Call, facts: Facts) -> Iterator[Need]:
    """What a call of S3 needs. Errors: UnknownCallError."""
    given, operation = call.parameters, call.operation
    bucket = given.get("Bucket", "")
    if operation in ON_BUCKETS:
        yield listing(bucket, given.get("prefix", ""), ON_BUCKETS[operation])
    elif operation == "DeleteObjects":
        yield from (Need("s3:DeleteObject", arn(bucket, key)) for key in given["Keys"])
    elif operation in ON_OBJECTS:
        yield from _object(call, bucket, given["Key"], facts)
    else:
        raise UnknownCallError(f"local/cloud/iam/storage.py does not say what s3:{operation} needs")


def arn(bucket: str, key: str = "") -> str:
    """The ARN of a bucket or an object."""
    return f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}"


def listing(bucket: str, prefix: str, action: str = "s3:ListBucket", implied_by: str = "") -> Need:
    """To see what is in a bucket, below a prefix."""
    return Need(action, arn(bucket), {"s3:prefix": prefix}, implied_by)


def with_key(facts: Facts, of: str, actions: Iterable[str], implied_by: str) -> Iterator[Need]:
    """The use of the key of a bucket or topic, if it has one."""
    if of in facts.keys:
        via = {"kms:ViaService": f"{'sns' if of.startswith('arn:') else 's3'}.{REGION}.amazonaws.com"}
        yield from (Need(f"kms:{action}", facts.keys[of], via, implied_by) for action in actions)


def _object(call: Call, bucket: str, key: str, facts: Facts) -> Iterator[Need]:
    action, versioned = ON_OBJECTS[call.operation], "versionId" in call.parameters
    if action in ("s3:GetObject", "s3:DeleteObject") and versioned:
        action += "Version"
    yield Need(action, arn(bucket, key))
    if action == "s3:GetObject" and not facts.exists(bucket, key):
        yield Need("s3:ListBucket", arn(bucket), implied_by="s3:GetObject of what is not there")
        return
    yield from with_key(facts, bucket, WITH_KEY.get(call.operation, ()), action)
    if "CopySource" in call.parameters:
        source, _, path = call.parameters["CopySource"].lstrip("/").partition("/")
        source_key = unquote(path.partition("?")[0])
        yield Need("s3:GetObject", arn(source, source_key), implied_by=f"s3:{call.operation}")
        yield from with_key(facts, source, ("Decrypt",), "s3:GetObject")
