"""ReaderPolicy allows queries of published tables and nothing else."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pipeline.contracts.states import RunRequest

from local.cli.run import run
from local.cloud.aws import LocalAWS
from local.cloud.iam.calls import Call
from local.cloud.iam.needs import needs
from local.cloud.iam.policy import decide
from local.cloud.sql.catalogue import PUBLISHED
from local.replay.server import Replay
from tests.support import branches
from tests.support.reader import Reader

NEEDED = [
    "QueryInTheReadersWorkgroup",
    "ReadThePublishedSchema",
    "ReadPublishedDataThroughAthena",
    "ListPublishedDataThroughAthena",
    "WriteAndReadResults",
    "LocateBuckets",
    "UseTheKeyForObjects",
]
STAGED = "SELECT * FROM staged_singstat_data.transformedsingstatdata"
REFUSED: dict[str, tuple[str, Callable[[Reader], Any]]] = {
    "staged tables": ("glue:GetDatabase", lambda one: one.start(STAGED)),
    "staged tables beside published ones": (
        "glue:GetDatabase",
        lambda one: one.start(f"SELECT * FROM yearly WHERE EXISTS ({STAGED})"),
    ),
    "the workgroup of the runs": (
        "athena:StartQueryExecution",
        lambda one: one.start("SELECT 1", one.aws.resource("Workgroup")),
    ),
    "the account's own workgroup": ("athena:StartQueryExecution", lambda one: one.start("SELECT 1", "primary")),
    "the schema of staged data": (
        "glue:GetTable",
        lambda one: one.client("glue").get_table(DatabaseName="staged_singstat_data", Name="transformedsingstatdata"),
    ),
    "another table of its own": (
        "glue:CreateTable",
        lambda one: one.client("glue").create_table(DatabaseName=PUBLISHED, TableInput={"Name": "mine"}),
    ),
    "pointing a table elsewhere": (
        "glue:UpdateTable",
        lambda one: one.client("glue").update_table(DatabaseName=PUBLISHED, TableInput={"Name": "yearly"}),
    ),
    "data without Athena": ("s3:GetObject", lambda one: _get(one, "transformedsingstatdata/run=")),
    "raw pages": ("s3:GetObject", lambda one: _get(one, "untransformedsingstatdata/")),
    "records of runs": ("s3:GetObject", lambda one: _get(one, "runs/")),
    "flattened rows": ("s3:GetObject", lambda one: _get(one, "flattened/")),
    "reports": ("s3:GetObject", lambda one: _get(one, "PowerBIChartCostExplorerReport/", "ResultsBucket")),
    "a listing of the data": ("s3:ListBucket", lambda one: _list(one, "DataBucket", "transformedsingstatdata/")),
    "a listing of reports": ("s3:ListBucket", lambda one: _list(one, "ResultsBucket", "PowerBI")),
    "a publication of its own": ("s3:PutObject", lambda one: _put(one, "DataBucket", "publications/M810001.json")),
    "other data": ("s3:PutObject", lambda one: _put(one, "DataBucket", "transformedsingstatdata/run=x/a.parquet")),
    "a report of its own": ("s3:PutObject", lambda one: _put(one, "ResultsBucket", "PowerBIChartCostExplorerReport/a")),
    "taking data away": (
        "s3:DeleteObject",
        lambda one: one.client("s3").delete_object(Bucket=one.aws.resource("DataBucket"), Key="publications/a"),
    ),
    "a run": (
        "states:StartExecution",
        lambda one: one.client("stepfunctions").start_execution(stateMachineArn=one.aws.resource("Pipeline")),
    ),
    "a function": (
        "lambda:InvokeFunction",
        lambda one: one.client("lambda").invoke(FunctionName=one.aws.resource("PlanRunFunction")),
    ),
    "a mail": (
        "sns:Publish",
        lambda one: one.client("sns").publish(TopicArn=one.aws.resource("Topic"), Message="mine"),
    ),
}


def _key(reader: Reader, bucket: str, prefix: str) -> str:
    objects = reader.aws.client("s3").list_objects_v2(Bucket=reader.aws.resource(bucket), Prefix=prefix)["Contents"]
    return str(objects[0]["Key"])


def _get(reader: Reader, prefix: str, bucket: str = "DataBucket") -> Any:
    """Read an existing object."""
    name = reader.aws.resource(bucket)
    return reader.client("s3").get_object(Bucket=name, Key=_key(reader, bucket, prefix))


def _list(reader: Reader, bucket: str, prefix: str) -> Any:
    return reader.client("s3").list_objects_v2(Bucket=reader.aws.resource(bucket), Prefix=prefix)


def _put(reader: Reader, bucket: str, key: str) -> Any:
    return reader.client("s3").put_object(Bucket=reader.aws.resource(bucket), Key=key, Body=b"mine")


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    with Replay() as replay:
        parameters = branches.PARAMETERS | {"SourceUrl": replay.url}
        with LocalAWS(tmp_path_factory.mktemp("lake"), parameters=parameters) as aws:
            assert run(aws, RunRequest(tables=[branches.SMALL]), lambda *_: None).status == "SUCCEEDED"
            yield Reader(aws)


def test_a_reader_queries_published_tables(reader: Reader) -> None:
    _, ((table, observations),) = reader.query("SELECT table_id, observations FROM tables")
    _, ((counted,),) = reader.query("SELECT count(*) FROM yearly")
    _, editions = reader.query("SELECT table_id, observations FROM editions")
    _, revisions = reader.query("SELECT * FROM revisions")

    assert table == branches.SMALL
    assert [tuple(row) for row in editions] == [(table, observations)]
    assert counted == observations
    assert revisions == []


def test_results_are_stored_under_the_readers_prefix(reader: Reader) -> None:
    query = reader.start("SELECT 1 AS one")
    place = reader.finished(query)["ResultConfiguration"]["OutputLocation"]

    bucket = reader.aws.resource("ResultsBucket")
    assert place == f"s3://{bucket}/readers/{query}.csv"
    stored = reader.client("s3").get_object(Bucket=bucket, Key=f"readers/{query}.csv")["Body"]
    assert stored.read() == b'"one"\n"1"\n'


@pytest.mark.parametrize("what", REFUSED)
def test_a_reader_is_refused(reader: Reader, what: str) -> None:
    action, attempt = REFUSED[what]
    with pytest.raises(ClientError) as refused:
        attempt(reader)

    assert "AccessDenied" in refused.value.response["Error"]["Code"] or "Authorization" in str(refused.value)
    assert f"is not authorized to perform: {action} on resource: arn:aws:" in str(refused.value)


def test_the_policy_is_attached_to_no_role(reader: Reader) -> None:
    policy = reader.aws.client("iam").get_policy(PolicyArn=reader.aws.resource("ReaderPolicy"))["Policy"]

    assert policy["AttachmentCount"] == 0


@pytest.mark.parametrize("sid", NEEDED)
def test_each_statement_of_the_policy_is_needed(reader: Reader, sid: str) -> None:
    query = {"QueryString": "SELECT * FROM yearly", "QueryExecutionContext": {"Database": PUBLISHED}}
    call = Call("athena", "StartQueryExecution", query | {"WorkGroup": reader.workgroup})
    facts = reader.aws.guard.facts
    statements = facts.roles[reader.role.rpartition("/")[2]].statements

    def allowed(kept: list[Any]) -> bool:
        return all((decision := decide(kept, need)) and decision.allowed for need in needs(call, facts))

    assert allowed(statements)
    assert not allowed([one for one in statements if one.sid != sid])
