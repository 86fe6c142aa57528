"""Requests that botocore sends and AWS refuses: constraints of the API models, and limits of the documentation."""

from typing import Any

import pytest
from botocore.parsers import create_parser

from local.cloud import documented_limits
from local.cloud.services import cost_explorer, validation
from tests.support.sent_requests import sent

JOB = {"Name": "job", "RoleArn": "arn:aws:iam::123456789012:role/transform"}
PUT = {"Bucket": "data", "Key": "key", "Body": b"x"}
PUBLISH = {"TopicArn": "arn:aws:sns:ap-southeast-1:123456789012:topic", "Message": "text", "Subject": "subject"}
QUERY = {"QueryString": "SELECT 1"}


def error(service: str, method: str, **arguments: Any) -> tuple[str, str]:
    """The code and message with which a request is refused, as botocore reads them; empty if it is not."""
    request = sent(service, method, **arguments)
    answer = validation.route(request)
    if answer is None:
        return "", ""
    model = validation._model(service)
    headers = {name.lower(): value for name, value in answer.headers}
    response = {"status_code": int(answer.status.split()[0]), "headers": headers, "body": answer.body}
    output = model.operation_model("".join(method.title().split("_"))).output_shape
    parsed = create_parser(model.protocol).parse(response, output)
    return parsed["Error"]["Code"], parsed["Error"]["Message"]


@pytest.mark.parametrize(
    ("service", "method", "arguments"),
    [
        pytest.param("databrew", "create_recipe_job", JOB | {"Name": "x" * 240, "Timeout": 60}, id="DataBrew"),
        pytest.param("databrew", "delete_recipe_version", {"Name": "A b.c-1", "RecipeVersion": "1.0"}, id="version"),
        pytest.param("s3", "put_object", PUT | {"Key": "k" * 1024, "Metadata": {"etag": "x" * 2000}}, id="S3"),
        pytest.param("s3", "list_objects_v2", {"Bucket": "data", "MaxKeys": 2, "Prefix": ""}, id="listing"),
        pytest.param("sns", "publish", PUBLISH | {"Subject": "é" * 99, "Message": "x" * 262_144}, id="SNS"),
        pytest.param("athena", "start_query_execution", QUERY | {"ClientRequestToken": "x" * 128}, id="Athena"),
        pytest.param("ec2", "describe_instances", {"InstanceIds": ["i-1"], "DryRun": False}, id="EC2"),
        pytest.param("glue", "get_table", {"DatabaseName": "数", "Name": "\N{SMILING FACE WITH HORNS}"}, id="Glue"),
    ],
)
def test_what_aws_accepts_passes(service: str, method: str, arguments: dict[str, Any]) -> None:
    assert error(service, method, **arguments) == ("", "")


@pytest.mark.parametrize(
    ("service", "method", "arguments", "code", "reason"),
    [
        pytest.param(
            "databrew",
            "create_recipe_job",
            JOB | {"EncryptionMode": "SSE"},
            "ValidationException",
            "Value 'SSE' at 'encryptionMode' failed to satisfy constraint: Member must satisfy enum value set: [SSE-",
            id="enum",
        ),
        pytest.param(
            "databrew",
            "create_recipe_job",
            JOB | {"Outputs": [{"Location": {"Bucket": "data"}, "MaxOutputFiles": 1000}]},
            "ValidationException",
            "Value '1000' at 'outputs.1.member.maxOutputFiles' failed to satisfy constraint: Member must have value "
            "less than or equal to 999",
            id="range",
        ),
        pytest.param(
            "stepfunctions",
            "start_execution",
            {"stateMachineArn": "arn", "name": "x" * 81},
            "ValidationException",
            "at 'name' failed to satisfy constraint: Member must have length less than or equal to 80",
            id="length",
        ),
        pytest.param(
            "kms",
            "generate_mac",
            {"KeyId": "key", "Message": b"x" * 4097, "MacAlgorithm": "HMAC_SHA_256"},
            "ValidationException",
            "at 'message' failed to satisfy constraint: Member must have length less than or equal to 4096",
            id="bytes",
        ),
        pytest.param(
            "sts",
            "assume_role",
            {"RoleArn": "arn:aws:iam::123456789012:role/one", "RoleSessionName": "a b"},
            "ValidationError",
            "at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: ",
            id="pattern",
        ),
        pytest.param(
            "sts",
            "assume_role",
            {"RoleArn": "arn:aws:iam::123456789012:role/one", "RoleSessionName": "né"},
            "ValidationError",
            "at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: ",
            id="ASCII pattern",
        ),
        pytest.param(
            "glue",
            "get_table",
            {"DatabaseName": "a\x00", "Name": "t"},
            "ValidationException",
            "at 'databaseName' failed to satisfy constraint: Member must satisfy regular expression pattern: ",
            id="control character",
        ),
        pytest.param(
            "athena",
            "start_query_execution",
            QUERY | {"ClientRequestToken": "x" * 129},
            "InvalidRequestException",
            "at 'clientRequestToken' failed to satisfy constraint: Member must have length less than or equal to 128",
            id="Athena's code",
        ),
    ],
)
def test_constraints_of_the_models(
    service: str, method: str, arguments: dict[str, Any], code: str, reason: str
) -> None:
    found, message = error(service, method, **arguments)

    assert found == code
    assert message.startswith("1 validation error detected: ")
    assert reason in message


@pytest.mark.parametrize(
    ("service", "method", "arguments", "code"),
    [
        pytest.param("databrew", "create_dataset", {"Name": "a_b", "Input": {}}, "ValidationException", id="names"),
        pytest.param("databrew", "create_recipe_job", JOB | {"Name": "a/b"}, "ValidationException", id="job names"),
        pytest.param("databrew", "create_recipe", {"Name": "é", "Steps": []}, "ValidationException", id="recipe names"),
        pytest.param("s3", "put_object", PUT | {"Key": "é" * 513}, "KeyTooLongError", id="key"),
        pytest.param("s3", "put_object", PUT | {"Metadata": {"a": "x" * 2048}}, "MetadataTooLarge", id="metadata"),
        pytest.param("sns", "publish", PUBLISH | {"Subject": "x" * 100}, "InvalidParameter", id="long subject"),
        pytest.param("sns", "publish", PUBLISH | {"Subject": "two\nlines"}, "InvalidParameter", id="two-line subject"),
        pytest.param("sns", "publish", PUBLISH | {"Message": "é" * 131_073}, "InvalidParameter", id="message"),
        pytest.param(
            "athena", "start_query_execution", {"QueryString": "é" * 131_073}, "InvalidRequestException", id="query"
        ),
    ],
)
def test_documented_limits(service: str, method: str, arguments: dict[str, Any], code: str) -> None:
    assert error(service, method, **arguments)[0] == code


@pytest.mark.parametrize(
    ("start", "end", "reason"),
    [
        pytest.param("2026-01-02", "2026-01-02", "Start date (and hour) should be before end date", id="empty"),
        pytest.param("9998-01-01", "9998-01-02", "equal to or no later than the current date", id="future"),
    ],
)
def test_cost_explorer_refuses_impossible_periods(start: str, end: str, reason: str) -> None:
    period = {"Start": start, "End": end}
    groups = [{"Type": "DIMENSION", "Key": "SERVICE"}]
    request = {"TimePeriod": period, "Granularity": "DAILY", "Metrics": ["UnblendedCost"], "GroupBy": groups}

    answer = cost_explorer.route(sent("ce", "get_cost_and_usage", **request))

    assert answer is not None
    assert answer.status == "400 Bad Request"
    assert reason in answer.body.decode()


def test_a_long_key_is_refused_without_a_body_in_answer_to_head() -> None:
    answer = validation.route(sent("s3", "head_object", Bucket="data", Key="k" * 1025))

    assert answer is not None
    assert (answer.status, answer.body) == ("400 Bad Request", b"")


def test_every_documented_limit_is_of_a_shape_that_the_model_has() -> None:
    for service, shape in documented_limits.LIMITS:
        assert shape in validation._model(service).shape_names


def test_the_body_of_an_object_is_not_read_and_other_bodies_can_be_read_again() -> None:
    upload, publish = sent("s3", "put_object", **PUT), sent("sns", "publish", **PUBLISH)

    assert validation.route(upload) is None
    assert validation.route(publish) is None
    assert upload["wsgi.input"].tell() == 0
    assert b"subject" in publish["wsgi.input"].read()
