"""From a request of boto3's S3 to what it needs, keys and missing objects included; and how requests are read."""

from typing import Any

import pytest

from local.cloud.account import REGION
from local.cloud.iam.calls import read_call, signed
from tests.support.sent_requests import sent
from tests.support.small_account import needed

CASES: list[tuple[str, dict[str, Any], list[str]]] = [
    (
        "put_object",
        {"Bucket": "data", "Key": "a/b", "Body": b"x"},
        ["kms:GenerateDataKey on kms::key/k by s3:PutObject", "s3:PutObject on s3:::data/a/b"],
    ),
    ("put_object", {"Bucket": "plain", "Key": "a"}, ["s3:PutObject on s3:::plain/a"]),
    (
        "get_object",
        {"Bucket": "data", "Key": "über & more"},
        ["kms:Decrypt on kms::key/k by s3:GetObject", "s3:GetObject on s3:::data/über & more"],
    ),
    (
        "head_object",
        {"Bucket": "data", "Key": "none"},
        ["s3:GetObject on s3:::data/none", "s3:ListBucket on s3:::data by s3:GetObject of what is not there"],
    ),
    (
        "copy_object",
        {"Bucket": "data", "Key": "to", "CopySource": {"Bucket": "data", "Key": "there"}},
        [
            "kms:Decrypt on kms::key/k by s3:GetObject",
            "kms:GenerateDataKey on kms::key/k by s3:PutObject",
            "s3:GetObject on s3:::data/there by s3:CopyObject",
            "s3:PutObject on s3:::data/to",
        ],
    ),
    ("list_objects_v2", {"Bucket": "data", "Prefix": "a/"}, ["s3:ListBucket on s3:::data"]),
    ("list_objects", {"Bucket": "data"}, ["s3:ListBucket on s3:::data"]),
    ("list_object_versions", {"Bucket": "data"}, ["s3:ListBucketVersions on s3:::data"]),
    ("get_bucket_location", {"Bucket": "data"}, ["s3:GetBucketLocation on s3:::data"]),
    (
        "delete_objects",
        {"Bucket": "data", "Delete": {"Objects": [{"Key": "a"}, {"Key": "b & c"}]}},
        ["s3:DeleteObject on s3:::data/a", "s3:DeleteObject on s3:::data/b & c"],
    ),
    (
        "create_multipart_upload",
        {"Bucket": "data", "Key": "a"},
        ["kms:GenerateDataKey on kms::key/k by s3:PutObject", "s3:PutObject on s3:::data/a"],
    ),
    (
        "upload_part",
        {"Bucket": "data", "Key": "a", "PartNumber": 1, "UploadId": "u", "Body": b"x"},
        [
            "kms:Decrypt on kms::key/k by s3:PutObject",
            "kms:GenerateDataKey on kms::key/k by s3:PutObject",
            "s3:PutObject on s3:::data/a",
        ],
    ),
    (
        "list_parts",
        {"Bucket": "data", "Key": "a", "UploadId": "u"},
        ["s3:ListMultipartUploadParts on s3:::data/a"],
    ),
    (
        "abort_multipart_upload",
        {"Bucket": "data", "Key": "a", "UploadId": "u"},
        ["s3:AbortMultipartUpload on s3:::data/a"],
    ),
]


@pytest.mark.parametrize(("method", "arguments", "expected"), CASES, ids=[case[0] for case in CASES])
def test_what_a_call_needs(method: str, arguments: dict[str, Any], expected: list[str]) -> None:
    assert needed("s3", method, arguments) == expected


def test_the_body_can_be_read_again_and_a_link_is_signed_too() -> None:
    environ = sent("glue", "get_database", Name="shop")
    read_call(environ, "glue")
    assert environ["wsgi.input"].read() == b'{"Name": "shop"}'
    link = {"QUERY_STRING": f"X-Amz-Credential=somebody%2F20261123%2F{REGION}%2Fs3%2Faws4_request"}
    assert signed(link) == ("somebody", "s3")
    assert signed({"QUERY_STRING": ""}) is None
