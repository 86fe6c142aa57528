"""The data bucket: JSON objects as typed structs, and conditional writes."""

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TypeVar

import msgspec
from botocore.config import Config
from botocore.exceptions import ClientError

from pipeline.aws.clients import client

BUCKET = os.environ["DATA_BUCKET"]
MISSING, EXISTS = {"NoSuchKey", "404"}, {"PreconditionFailed", "ConditionalRequestConflict"}
READERS, DELETED_AT_ONCE = 16, 1000
T = TypeVar("T")

s3 = client("s3", config=Config(retries={"mode": "standard", "max_attempts": 5}, max_pool_connections=20))


def read(key: str, shape: type[T]) -> T:
    """The JSON object at `key` (GetObject)."""
    return msgspec.json.decode(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read(), type=shape)


def read_all(keys: Iterable[str], shape: type[T]) -> list[T]:
    """The JSON objects at `keys`, in their order, read in parallel."""
    with ThreadPoolExecutor(READERS) as pool:
        return list(pool.map(lambda key: read(key, shape), keys))


def read_dated(keys: Iterable[str]) -> list[tuple[bytes, datetime]]:
    """The objects at `keys`, verbatim and in their order, each with its last modification, read in parallel."""

    def dated(key: str) -> tuple[bytes, datetime]:
        response = s3.get_object(Bucket=BUCKET, Key=key)
        return response["Body"].read(), response["LastModified"]

    with ThreadPoolExecutor(READERS) as pool:
        return list(pool.map(dated, keys))


def read_optional(key: str, shape: type[T]) -> tuple[T | None, str]:
    """The JSON object at `key` and its ETag for `compare_and_swap`; None if it is empty, and "" if there is none."""
    body, etag = _get_optional(key)
    return msgspec.json.decode(body, type=shape) if body else None, etag


def read_lines(key: str, shape: type[T]) -> tuple[list[T], str]:
    """The JSON objects at `key`, one a line, and its ETag for `compare_and_swap`; none, and "", without an object."""
    body, etag = _get_optional(key)
    return msgspec.json.Decoder(shape).decode_lines(body), etag


def read_bytes(key: str) -> bytes:
    """The object at `key`, verbatim."""
    return s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()


def write(key: str, value: msgspec.Struct | bytes) -> None:
    """Write a struct as JSON, or bytes, at `key` (PutObject)."""
    s3.put_object(Bucket=BUCKET, Key=key, Body=_body(value))


def write_once(key: str, value: msgspec.Struct | bytes) -> bool:
    """Write at `key` unless an object exists (PutObject with If-None-Match); false if one does."""
    return _put(key, value, IfNoneMatch="*")


def compare_and_swap(key: str, value: msgspec.Struct | bytes, etag: str) -> bool:
    """Compare-and-swap on the ETag ("" if there was no object); false if another writer won."""
    return _put(key, value, IfMatch=etag) if etag else write_once(key, value)


def copy(key: str, to: str) -> None:
    """Copy the object at `key` within the bucket (CopyObject)."""
    s3.copy_object(Bucket=BUCKET, Key=to, CopySource={"Bucket": BUCKET, "Key": key})


def list_keys(prefix: str) -> Iterator[str]:
    """The keys that start with `prefix` (ListObjectsV2)."""
    yield from (key for key, _ in list_objects(prefix))


def list_objects(prefix: str) -> Iterator[tuple[str, datetime]]:
    """The keys that start with `prefix`, each with its last modification (ListObjectsV2)."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix):
        yield from ((item["Key"], item["LastModified"]) for item in page.get("Contents", []))


def delete_prefix(prefix: str) -> None:
    """Delete the current version of every object below `prefix`, as `delete`."""
    delete([*list_keys(prefix)])


def delete(keys: Sequence[str]) -> None:
    """Delete the current versions of these objects (DeleteObjects). Raises RuntimeError if S3 refuses one."""
    for start in range(0, len(keys), DELETED_AT_ONCE):
        objects = [{"Key": key} for key in keys[start : start + DELETED_AT_ONCE]]
        answer = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": objects, "Quiet": True})  # type: ignore[typeddict-item]
        if errors := answer.get("Errors"):
            raise RuntimeError(f"S3 did not delete {errors[0]}")


def _get_optional(key: str) -> tuple[bytes, str]:
    try:
        response = s3.get_object(Bucket=BUCKET, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in MISSING:
            return b"", ""
        raise
    return response["Body"].read(), response["ETag"]


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
