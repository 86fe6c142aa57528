#!/usr/bin/env bash
# moto 5.2.5, boto3 1.43.108: CopyObject and CompleteMultipartUpload ignore conditions that PutObject enforces.
# Expected: 412 Precondition Failed: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html (IfNoneMatch),
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html (IfMatch)
# Output seen:
#   put: PreconditionFailed
#   copy: overwritten
#   multipart: overwritten
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check "moto[s3]==5.2.5" "boto3==1.43.108"
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import boto3
from botocore.exceptions import ClientError
from moto import mock_aws


def attempt(write):
    try:
        write()
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "overwritten"


with mock_aws():
    s3 = boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    s3.create_bucket(Bucket="bucket")
    one = {"Bucket": "bucket", "Key": "one"}
    s3.put_object(**one, Body=b"1")
    s3.put_object(Bucket="bucket", Key="two", Body=b"2")
    upload = one | {"UploadId": s3.create_multipart_upload(**one)["UploadId"]}
    part = {"PartNumber": 1, "ETag": s3.upload_part(**upload, PartNumber=1, Body=b"3")["ETag"]}
    seen = {
        "put": attempt(lambda: s3.put_object(**one, Body=b"2", IfNoneMatch="*")),
        "copy": attempt(lambda: s3.copy_object(**one, CopySource={"Bucket": "bucket", "Key": "two"}, IfNoneMatch="*")),
        "multipart": attempt(
            lambda: s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [part]}, IfMatch='"another"')
        ),
    }
    for name, result in seen.items():
        print(f"{name}: {result}")
    expected = {"put": "PreconditionFailed", "copy": "overwritten", "multipart": "overwritten"}
    assert seen == expected, "moto's behaviour has changed"
PY
