"""Presigned URLs: what S3 refuses, the host that AWS would be asked, and the URL of a custom resource's answer."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
import requests
from botocore.config import Config

from local.cloud.account import ACCOUNT, REGION
from local.cloud.aws import LocalAWS

TEMPLATE = Path(__file__).parent / "platform/template.yaml"
BUCKET, KEY = "singstat-bucket", "reports/a report, é.html"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
        ],
    }
)


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAWS]:
    with LocalAWS(tmp_path_factory.mktemp("lake"), TEMPLATE) as running:
        running.put(f"s3://{BUCKET}/{KEY}", b"report")
        yield running


@pytest.fixture(scope="module")
def presign(aws: LocalAWS) -> Any:
    """Presign the report as a role."""
    role = aws.client("iam").create_role(RoleName="signer", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]

    def presign(region: str = REGION, seconds: int = 600, version: str = "s3v4") -> str:
        config, keys = Config(signature_version=version), aws.credentials(role)
        client = boto3.client("s3", region_name=region, endpoint_url=aws.url, config=config, **keys)
        parameters = {"Bucket": BUCKET, "Key": KEY}
        return str(client.generate_presigned_url("get_object", Params=parameters, ExpiresIn=seconds))

    return presign


def open_url(url: str) -> tuple[int, str]:
    answer = requests.get(url, timeout=30)
    return answer.status_code, answer.text


def test_a_presigned_url_opens_its_object_and_no_other(aws: LocalAWS, presign: Any) -> None:
    url = presign()
    aws.put(f"s3://{BUCKET}/reports/b", b"other")

    assert open_url(url) == (200, "report")
    status, body = open_url(url.replace(urlsplit(url).path, f"/{BUCKET}/reports/b"))
    assert (status, "SignatureDoesNotMatch" in body) == (403, True)
    status, body = open_url(url.replace("X-Amz-Expires=600", "X-Amz-Expires=601"))
    assert (status, "SignatureDoesNotMatch" in body) == (403, True)


def test_the_signed_host_of_a_presigned_url_is_checked(presign: Any) -> None:
    url = presign()

    status, body = open_url(url.replace("127.0.0.1", "localhost"))
    assert (status, "SignatureDoesNotMatch" in body) == (403, True)


def test_a_presigned_url_of_another_region_is_refused(presign: Any) -> None:
    status, body = open_url(presign(region="us-east-1"))

    assert (status, "AuthorizationQueryParametersError" in body) == (400, True)
    assert "expecting 'ap-southeast-1'" in body


def test_a_presigned_url_expires(presign: Any) -> None:
    url = presign(seconds=1)
    time.sleep(2)

    status, body = open_url(url)
    assert (status, "Request has expired" in body) == (403, True)


def test_encrypted_objects_need_signature_version_4(presign: Any) -> None:
    status, body = open_url(presign(version="s3"))

    assert (status, "require AWS Signature Version 4" in body) == (400, True)


def test_a_presigned_url_for_the_global_host_of_a_young_bucket_is_redirected_in_vain(aws: LocalAWS) -> None:
    role = aws.client("iam").get_role(RoleName="signer")["Role"]["Arn"]
    client = boto3.client("s3", region_name=REGION, **aws.credentials(role), config=Config(signature_version="s3v4"))
    url = urlsplit(client.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": KEY}, ExpiresIn=600))

    def ask(host: str) -> requests.Response:
        target = f"{aws.url}{url.path}?{url.query}"
        return requests.get(target, headers={"Host": host}, allow_redirects=False, timeout=30)

    redirected = ask(url.netloc)
    assert (url.netloc, redirected.status_code) == (f"{BUCKET}.s3.amazonaws.com", 307)
    regional = urlsplit(redirected.headers["Location"]).netloc
    followed = ask(regional)
    assert regional == f"{BUCKET}.s3.{REGION}.amazonaws.com"
    assert (followed.status_code, "SignatureDoesNotMatch" in followed.text) == (403, True)


@pytest.mark.parametrize(("headers", "status"), [({}, 403), ({"Content-Type": ""}, 200)])
def test_a_custom_resource_answers_without_a_content_type(aws: LocalAWS, headers: dict[str, str], status: int) -> None:
    url = f"{aws.url}/_custom-resources/request"

    assert requests.put(url, json={"Status": "SUCCESS"}, headers=headers, timeout=30).status_code == status
