#!/usr/bin/env bash
# moto 5.2.5, boto3 1.43.108: Glue's GetPartitions converts decimal partition keys to floats, and BETWEEN takes its bounds in
# either order.
# Expected: decimal is a supported partition key type, and the expression is SQL's WHERE, where BETWEEN 3 AND 1 selects nothing:
# https://docs.aws.amazon.com/glue/latest/webapi/API_GetPartitions.html
# Output seen:
#   amount = '12345678901234567890.1': ['12345678901234567890.1', '12345678901234567890.2']
#   amount BETWEEN 3 AND 1: ['2']
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check "moto[glue]==5.2.5" "boto3==1.43.108"
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import boto3
from moto import mock_aws

VALUES = ["12345678901234567890.1", "12345678901234567890.2", "2"]

with mock_aws():
    glue = boto3.client("glue", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    glue.create_database(DatabaseInput={"Name": "d"})
    key = {"Name": "amount", "Type": "decimal"}
    table = {"Name": "t", "PartitionKeys": [key], "StorageDescriptor": {"Columns": []}}
    glue.create_table(DatabaseName="d", TableInput=table)
    for value in VALUES:
        glue.create_partition(DatabaseName="d", TableName="t", PartitionInput={"Values": [value]})
    seen = []
    for expression in (f"amount = '{VALUES[0]}'", "amount BETWEEN 3 AND 1"):
        found = glue.get_partitions(DatabaseName="d", TableName="t", Expression=expression)["Partitions"]
        seen.append([partition["Values"][0] for partition in found])
        print(f"{expression}: {seen[-1]}")
    assert seen == [VALUES[:2], ["2"]], "moto's behaviour has changed"
PY
