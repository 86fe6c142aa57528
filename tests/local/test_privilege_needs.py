"""Permissions of boto3 requests, for every service that the roles call except S3."""

from typing import Any

import pytest

from local.cloud.iam.calls import UnknownCallError
from local.cloud.iam.policy import Statement, decide
from tests.support.small_account import HERE, ROLE, TOPIC, needed, required_by

EC2 = f"arn:aws:ec2:{HERE}"

CASES: list[tuple[str, str, dict[str, Any], list[str]]] = [
    (
        "glue",
        "get_table",
        {"DatabaseName": "shop", "Name": "orders"},
        [
            "glue:GetTable on glue::catalog",
            "glue:GetTable on glue::database/shop",
            "glue:GetTable on glue::table/shop/orders",
        ],
    ),
    (
        "glue",
        "update_table",
        {"DatabaseName": "shop", "TableInput": {"Name": "orders"}},
        [
            "glue:UpdateTable on glue::catalog",
            "glue:UpdateTable on glue::database/shop",
            "glue:UpdateTable on glue::table/shop/orders",
        ],
    ),
    (
        "glue",
        "batch_create_partition",
        {"DatabaseName": "shop", "TableName": "orders", "PartitionInputList": []},
        [
            "glue:BatchCreatePartition on glue::catalog",
            "glue:BatchCreatePartition on glue::database/shop",
            "glue:BatchCreatePartition on glue::table/shop/orders",
        ],
    ),
    (
        "glue",
        "get_database",
        {"Name": "shop"},
        ["glue:GetDatabase on glue::catalog", "glue:GetDatabase on glue::database/shop"],
    ),
    ("glue", "start_crawler", {"Name": "c"}, ["glue:StartCrawler on glue::crawler/c"]),
    (
        "databrew",
        "create_recipe_job",
        {"Name": "j", "RoleArn": ROLE, "Tags": {"application": "shop"}},
        [
            "databrew:CreateRecipeJob on *",
            "databrew:TagResource on databrew::job/j by databrew:CreateRecipeJob",
            "iam:PassRole on iam::123456789012:role/job by databrew:CreateRecipeJob",
        ],
    ),
    ("databrew", "stop_job_run", {"Name": "j", "RunId": "r"}, ["databrew:StopJobRun on databrew::job/j"]),
    ("databrew", "list_recipe_versions", {"Name": "r"}, ["databrew:ListRecipeVersions on databrew::recipe/r"]),
    ("databrew", "delete_dataset", {"Name": "d"}, ["databrew:DeleteDataset on databrew::dataset/d"]),
    ("databrew", "list_jobs", {}, ["databrew:ListJobs on *"]),
    ("databrew", "list_datasets", {}, ["databrew:ListDatasets on *"]),
    (
        "athena",
        "get_query_results",
        {"QueryExecutionId": "q"},
        [
            "athena:GetQueryResults on athena::workgroup/group",
            "kms:Decrypt on kms::key/k by athena:GetQueryResults",
            "s3:GetObject on s3:::data/athena/* by athena:GetQueryResults",
        ],
    ),
    (
        "athena",
        "start_query_execution",
        {
            "QueryString": "WITH own AS (SELECT * FROM orders) SELECT * FROM own",
            "QueryExecutionContext": {"Database": "shop"},
            "WorkGroup": "group",
        },
        [
            "athena:StartQueryExecution on athena::workgroup/group",
            "glue:BatchGetPartition on glue::catalog by athena:StartQueryExecution",
            "glue:BatchGetPartition on glue::database/shop by athena:StartQueryExecution",
            "glue:BatchGetPartition on glue::table/shop/orders by athena:StartQueryExecution",
            "glue:GetDatabase on glue::catalog by athena:StartQueryExecution",
            "glue:GetDatabase on glue::database/shop by athena:StartQueryExecution",
            "glue:GetPartition on glue::catalog by athena:StartQueryExecution",
            "glue:GetPartition on glue::database/shop by athena:StartQueryExecution",
            "glue:GetPartition on glue::table/shop/orders by athena:StartQueryExecution",
            "glue:GetPartitions on glue::catalog by athena:StartQueryExecution",
            "glue:GetPartitions on glue::database/shop by athena:StartQueryExecution",
            "glue:GetPartitions on glue::table/shop/orders by athena:StartQueryExecution",
            "glue:GetTable on glue::catalog by athena:StartQueryExecution",
            "glue:GetTable on glue::database/shop by athena:StartQueryExecution",
            "glue:GetTable on glue::table/shop/orders by athena:StartQueryExecution",
            "kms:Decrypt on kms::key/k by athena:StartQueryExecution",
            "kms:GenerateDataKey on kms::key/k by athena:StartQueryExecution",
            "s3:GetBucketLocation on s3:::data by athena:StartQueryExecution",
            "s3:GetObject on s3:::data/orders/* by athena:StartQueryExecution",
            "s3:ListBucket on s3:::data by athena:StartQueryExecution",
            "s3:PutObject on s3:::data/athena/* by athena:StartQueryExecution",
        ],
    ),
    ("lambda", "invoke", {"FunctionName": "f"}, ["lambda:InvokeFunction on lambda::function:f"]),
    (
        "lambda",
        "get_function",
        {"FunctionName": f"arn:aws:lambda:{HERE}:function:f"},
        ["lambda:GetFunction on lambda::function:f"],
    ),
    (
        "stepfunctions",
        "send_task_heartbeat",
        {"taskToken": "t"},
        ["states:SendTaskHeartbeat on states::stateMachine:run"],
    ),
    (
        "stepfunctions",
        "describe_execution",
        {"executionArn": f"arn:aws:states:{HERE}:execution:run:1"},
        ["states:DescribeExecution on states::execution:run:1"],
    ),
    (
        "sns",
        "publish",
        {"TopicArn": TOPIC, "Message": "m"},
        [
            "kms:Decrypt on kms::key/k by sns:Publish",
            "kms:GenerateDataKey on kms::key/k by sns:Publish",
            "sns:Publish on sns::mail",
        ],
    ),
    (
        "logs",
        "put_log_events",
        {"logGroupName": "g", "logStreamName": "s", "logEvents": [{"timestamp": 1, "message": "m"}]},
        ["logs:PutLogEvents on logs::log-group:g:log-stream:s"],
    ),
    ("ec2", "describe_instances", {}, ["ec2:DescribeInstances on *"]),
    (
        "ec2",
        "terminate_instances",
        {"InstanceIds": ["i-1", "i-2"]},
        ["ec2:TerminateInstances on ec2::instance/i-1", "ec2:TerminateInstances on ec2::instance/i-2"],
    ),
    (
        "ec2",
        "run_instances",
        {
            "LaunchTemplate": {"LaunchTemplateId": "lt-1"},
            "MinCount": 1,
            "MaxCount": 1,
            "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "a", "Value": "b"}]}],
        },
        [
            "ec2:CreateTags on ec2::instance/* by ec2:RunInstances",
            "ec2:CreateTags on ec2::volume/* by ec2:RunInstances",
            "ec2:RunInstances on ec2::image/*",
            "ec2:RunInstances on ec2::instance/*",
            "ec2:RunInstances on ec2::launch-template/lt-1",
            "ec2:RunInstances on ec2::network-interface/*",
            "ec2:RunInstances on ec2::security-group/*",
            "ec2:RunInstances on ec2::subnet/*",
            "ec2:RunInstances on ec2::volume/*",
            "iam:PassRole on iam::123456789012:role/job by ec2:RunInstances",
        ],
    ),
    ("sts", "get_caller_identity", {}, []),
]


@pytest.mark.parametrize(("service", "method", "arguments", "expected"), CASES, ids=[case[1] for case in CASES])
def test_what_a_call_needs(service: str, method: str, arguments: dict[str, Any], expected: list[str]) -> None:
    assert needed(service, method, arguments) == expected


@pytest.mark.parametrize(
    ("overrides", "denied"),
    [
        ({"InstanceType": "t4g.medium"}, []),
        ({"SubnetId": "subnet-b"}, ["network-interface/*", "subnet/subnet-b"]),
        ({"ImageId": "ami-2"}, ["image/ami-2"]),
        ({"SecurityGroupIds": ["sg-2"]}, ["security-group/sg-2"]),
        ({"NetworkInterfaces": [{"DeviceIndex": 0, "SubnetId": "s"}]}, ["network-interface/*", "subnet/s"]),
        ({"BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 99}}]}, ["volume/*"]),
        ({"IamInstanceProfile": {"Name": "other"}}, ["instance/*"]),
    ],
    ids=lambda value: next(iter(value), "nothing"),
)
def test_overriding_the_launch_template_needs_a_grant_of_its_own(overrides: dict[str, Any], denied: list[str]) -> None:
    only = {
        "Bool": {"ec2:IsLaunchTemplateResource": "true"},
        "ArnEquals": {"ec2:LaunchTemplate": f"{EC2}:launch-template/lt-1"},
    }
    source = {"Effect": "Allow", "Action": "ec2:RunInstances", "Resource": "*", "Condition": only}
    launch = {"LaunchTemplate": {"LaunchTemplateId": "lt-1"}, "MinCount": 1, "MaxCount": 1, **overrides}
    required = [need for need in required_by("ec2", "run_instances", launch) if need.action == "ec2:RunInstances"]

    refused = [need.resource for need in required if not decide([Statement.read(source)], need)]
    assert sorted(resource.removeprefix(f"{EC2}:") for resource in refused) == denied


@pytest.mark.parametrize(
    ("service", "method", "arguments", "why"),
    [
        ("s3", "put_bucket_tagging", {"Bucket": "data", "Tagging": {"TagSet": []}}, "s3:PutBucketTagging"),
        ("dynamodb", "list_tables", {}, "dynamodb"),
        ("sns", "list_topics", {}, "sns:ListTopics"),
        ("glue", "get_job", {"JobName": "j"}, "glue:GetJob"),
        ("ec2", "run_instances", {"ImageId": "ami", "MinCount": 1, "MaxCount": 1}, "ec2:RunInstances"),
    ],
)
def test_an_unknown_call_is_refused(service: str, method: str, arguments: Any, why: str) -> None:
    with pytest.raises(UnknownCallError, match=why):
        needed(service, method, arguments)
