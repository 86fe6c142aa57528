"""Permissions of S3 requests, KMS keys and missing keys included; bucket policies; how requests are parsed."""

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.cloud.account import REGION
from local.cloud.aws import LocalAWS
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
        ["s3:GetObject on s3:::data/none", "s3:ListBucket on s3:::data by s3:GetObject of a missing key"],
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


def test_the_body_stays_readable_and_presigned_urls_are_parsed() -> None:
    environ = sent("glue", "get_database", Name="shop")
    read_call(environ, "glue")
    assert environ["wsgi.input"].read() == b'{"Name": "shop"}'
    link = {"QUERY_STRING": f"X-Amz-Credential=somebody%2F20261123%2F{REGION}%2Fs3%2Faws4_request"}
    assert signed(link) == ("somebody", "s3")
    assert signed({"QUERY_STRING": ""}) is None


WRITE_ONCE = {
    "Sid": "DenyOverwritingRawPages",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:PutObject",
    "Resource": "arn:aws:s3:::data/raw/*",
    "Condition": {"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}},
}
ONLY_TLS = {
    "Sid": "DenyUnencryptedConnections",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": ["arn:aws:s3:::data", "arn:aws:s3:::data/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
ELSEWHERE = {
    "Effect": "Allow",
    "Principal": {"Service": "cloudtrail.amazonaws.com"},
    "Action": "s3:PutObject",
    "Resource": "arn:aws:s3:::data/*",
    "Condition": {"StringEquals": {"aws:SourceArn": "trail"}},
}


def test_a_bucket_policy_may_deny_writes_without_if_none_match(tmp_path: Path) -> None:
    """S3: Enforce conditional writes on Amazon S3 buckets."""
    policy = {"Version": "2012-10-17", "Statement": [WRITE_ONCE, ONLY_TLS, ELSEWHERE]}
    resources = {
        "Data": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "data"}},
        "Policy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {"Bucket": {"Ref": "Data"}, "PolicyDocument": policy},
        },
    }
    (tmp_path / "template.yaml").write_text(json.dumps({"Resources": resources}))
    page = {"Bucket": "data", "Key": "raw/page.json"}
    with LocalAWS(tmp_path / "lake", tmp_path / "template.yaml") as aws:
        s3 = aws.client("s3")
        s3.put_object(**page, Body=b"first", IfNoneMatch="*")
        with pytest.raises(ClientError, match="explicit deny in a resource-based policy"):
            s3.put_object(**page, Body=b"second")
        with pytest.raises(ClientError, match="PreconditionFailed"):
            s3.put_object(**page, Body=b"second", IfNoneMatch="*")
        with pytest.raises(ClientError, match="explicit deny in a resource-based policy"):
            s3.copy_object(**page, CopySource={"Bucket": "data", "Key": "raw/page.json"})
        assert s3.get_object(**page)["Body"].read() == b"first"
        upload = s3.create_multipart_upload(Bucket="data", Key="raw/large.json")["UploadId"]
        s3.upload_part(Bucket="data", Key="raw/large.json", UploadId=upload, PartNumber=1, Body=b"part")
        with pytest.raises(ClientError, match="explicit deny in a resource-based policy"):
            s3.complete_multipart_upload(Bucket="data", Key="raw/large.json", UploadId=upload)
        s3.put_object(Bucket="data", Key="staged/page.json", Body=b"any")
