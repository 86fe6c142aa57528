#!/usr/bin/env bash
# moto 5.2.5, boto3 1.43.108: CloudFormation's DeletionPolicy RetainExceptOnCreate is treated as Delete.
# CloudFormation keeps such a resource when the stack is deleted (it deletes it only if its creation is rolled back).
# Behaviour seen: after delete_stack the bucket with Retain is still there, the one with RetainExceptOnCreate is not.
# Output seen:
#   kept: ['retain']
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check "moto[cloudformation,s3]==5.2.5" "boto3==1.43.108"
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import json

import boto3
from moto import mock_aws

TEMPLATE = {
    "Resources": {
        "One": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "Properties": {"BucketName": "retain"}},
        "Two": {
            "Type": "AWS::S3::Bucket",
            "DeletionPolicy": "RetainExceptOnCreate",
            "Properties": {"BucketName": "retain-except-on-create"},
        },
    }
}

with mock_aws():
    keys = {"region_name": "us-east-1", "aws_access_key_id": "x", "aws_secret_access_key": "x"}
    cloudformation = boto3.client("cloudformation", **keys)
    cloudformation.create_stack(StackName="s", TemplateBody=json.dumps(TEMPLATE))
    cloudformation.delete_stack(StackName="s")
    kept = [bucket["Name"] for bucket in boto3.client("s3", **keys).list_buckets()["Buckets"]]
    print("kept:", kept)
    assert kept == ["retain"], "moto's behaviour has changed"
PY
