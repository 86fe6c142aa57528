"""Permissions of S3 calls, and of the KMS keys that encrypt buckets and topics."""

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
CREATING = ("CompleteMultipartUpload", "CopyObject", "PutObject")
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
    """The permissions of an S3 call. Raises `UnknownCallError` for an operation that is not listed."""
    given, operation = call.parameters, call.operation
    bucket = given.get("Bucket", "")
    if operation in ON_BUCKETS:
        yield listing(bucket, given.get("prefix", ""), ON_BUCKETS[operation])
    elif operation == "DeleteObjects":
        yield from (Need("s3:DeleteObject", arn(bucket, key)) for key in given["Keys"])
    elif own := on_object(call):
        yield from _object(call, own, facts)
    else:
        raise UnknownCallError(f"local/cloud/iam/storage.py has no permissions for s3:{operation}")


def on_object(call: Call) -> Need | None:
    """The permission of a call on a single object, with the condition keys of bucket policies; None for other calls."""
    if call.operation not in ON_OBJECTS:
        return None
    given, action = call.parameters, ON_OBJECTS[call.operation]
    if action in ("s3:GetObject", "s3:DeleteObject") and "versionId" in given:
        action += "Version"
    context = {"aws:SecureTransport": "true"}  # loopback stands in for TLS
    if action == "s3:PutObject":
        context["s3:ObjectCreationOperation"] = str(call.operation in CREATING).lower()
    if "IfNoneMatch" in given:
        context["s3:if-none-match"] = given["IfNoneMatch"]
    return Need(action, arn(given["Bucket"], given["Key"]), context)


def arn(bucket: str, key: str = "") -> str:
    """The ARN of a bucket or an object."""
    return f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}"


def listing(bucket: str, prefix: str, action: str = "s3:ListBucket", implied_by: str = "") -> Need:
    """Listing a bucket's keys under a prefix."""
    return Need(action, arn(bucket), {"s3:prefix": prefix}, implied_by)


def with_key(facts: Facts, of: str, actions: Iterable[str], implied_by: str) -> Iterator[Need]:
    """Use of the KMS key of a bucket or topic, if it has one."""
    if of in facts.keys:
        via = {"kms:ViaService": f"{'sns' if of.startswith('arn:') else 's3'}.{REGION}.amazonaws.com"}
        yield from (Need(f"kms:{action}", facts.keys[of], via, implied_by) for action in actions)


def _object(call: Call, own: Need, facts: Facts) -> Iterator[Need]:
    bucket, action = call.parameters["Bucket"], own.action
    yield own
    if action == "s3:GetObject" and not facts.exists(bucket, call.parameters["Key"]):
        yield Need("s3:ListBucket", arn(bucket), implied_by="s3:GetObject of a missing key")
        return
    yield from with_key(facts, bucket, WITH_KEY.get(call.operation, ()), action)
    if "CopySource" in call.parameters:
        source, _, path = call.parameters["CopySource"].lstrip("/").partition("/")
        source_key = unquote(path.partition("?")[0])
        yield Need("s3:GetObject", arn(source, source_key), implied_by=f"s3:{call.operation}")
        yield from with_key(facts, source, ("Decrypt",), "s3:GetObject")
