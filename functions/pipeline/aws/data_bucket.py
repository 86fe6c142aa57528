"""The data bucket: typed objects in, typed objects out; what is written once is never overwritten."""

import os
from collections.abc import Iterator
from typing import TypeVar

import boto3
import msgspec
from botocore.config import Config
from botocore.exceptions import ClientError

BUCKET = os.environ["DATA_BUCKET"]
MISSING, EXISTS = {"NoSuchKey", "404"}, {"PreconditionFailed", "ConditionalRequestConflict"}
T = TypeVar("T")

s3 = boto3.client("s3", config=Config(retries={"mode": "standard", "max_attempts": 5}, max_pool_connections=20))


def read(key: str, shape: type[T]) -> T:
    """The JSON object at `key`."""
    return msgspec.json.decode(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read(), type=shape)


def read_optional(key: str, shape: type[T]) -> tuple[T | None, str]:
    """The JSON object at `key` and its ETag, for `swap`; None and "" when there is none."""
    try:
        found = s3.get_object(Bucket=BUCKET, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in MISSING:
            return None, ""
        raise
    return msgspec.json.decode(found["Body"].read(), type=shape), found["ETag"]


def read_bytes(key: str) -> bytes:
    """The object at `key` as it is."""
    return s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()


def write(key: str, value: msgspec.Struct | bytes) -> None:
    """Put a JSON object, or bytes, at `key`."""
    s3.put_object(Bucket=BUCKET, Key=key, Body=_body(value))


def write_once(key: str, value: msgspec.Struct | bytes) -> bool:
    """Put it at `key` unless something is there: False then."""
    return _put(key, value, IfNoneMatch="*")


def compare_and_swap(key: str, value: msgspec.Struct, etag: str) -> bool:
    """Replace what had `etag` ("": nothing was there); False when someone was faster."""
    return _put(key, value, IfMatch=etag) if etag else write_once(key, value)


def copy(key: str, to: str) -> None:
    """Copy the object at `key` inside S3."""
    s3.copy_object(Bucket=BUCKET, Key=to, CopySource={"Bucket": BUCKET, "Key": key})


def list_keys(prefix: str) -> Iterator[str]:
    """The keys that start with `prefix`."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix):
        yield from (found["Key"] for found in page.get("Contents", []))


def delete_prefix(prefix: str) -> None:
    """Delete every object below `prefix`, as far as readers can see."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix):
        if objects := [{"Key": found["Key"]} for found in page.get("Contents", [])]:
            s3.delete_objects(Bucket=BUCKET, Delete={"Objects": objects, "Quiet": True})  # type: ignore[typeddict-item]


def _put(key: str, value: msgspec.Struct | bytes, **condition: str) -> bool:
    try:
        s3.put_object(Bucket=BUCKET, Key=key, Body=_body(value), **condition)  # type: ignore[arg-type]
    except ClientError as error:
        if error.response["Error"]["Code"] in EXISTS:
            return False
        raise
    return True


def _body(value: msgspec.Struct | bytes) -> bytes:
    return value if isinstance(value, bytes) else msgspec.json.encode(value)
