"""Somebody who has the template's ReaderPolicy and nothing else."""

from typing import Any

from local.cloud.aws import LocalAWS
from local.cloud.sql.catalogue import PUBLISHED
from tests.support.waiting import wait_for

DONE = {"SUCCEEDED", "FAILED", "CANCELLED"}


class Reader:
    """A reader of a laptop's AWS. Errors of all calls: botocore's ClientError, what is refused."""

    def __init__(self, aws: LocalAWS, role: str | None = None) -> None:
        """By default a role that has the policy and nothing else, which the laptop knows by the policy's name."""
        self.aws = aws
        self.role = role or aws.resource("ReaderPolicy").replace(":policy/", ":role/")
        self.workgroup = aws.resource("ReadersWorkgroup")

    def client(self, service: str) -> Any:
        return self.aws.client(service, self.role)

    def start(self, sql: str, workgroup: str | None = None) -> str:
        """The id of a query that runs."""
        athena, context = self.client("athena"), {"Database": PUBLISHED}
        started = athena.start_query_execution(
            QueryString=sql, QueryExecutionContext=context, WorkGroup=workgroup or self.workgroup
        )
        return str(started["QueryExecutionId"])

    def finished(self, query: str) -> dict[str, Any]:
        """What Athena tells of a query once it has succeeded."""
        athena = self.client("athena")

        def told() -> dict[str, Any]:
            return dict(athena.get_query_execution(QueryExecutionId=query)["QueryExecution"])

        wait_for(lambda: told()["Status"]["State"] in DONE)
        assert told()["Status"]["State"] == "SUCCEEDED", told()
        return told()

    def query(self, sql: str) -> tuple[list[tuple[str, str]], list[list[str | None]]]:
        """The columns of an answer, each with its type, and its rows."""
        query = self.start(sql)
        self.finished(query)
        answer = self.client("athena").get_query_results(QueryExecutionId=query)["ResultSet"]
        columns = [(one["Name"], one["Type"]) for one in answer["ResultSetMetadata"]["ColumnInfo"]]
        rows = [[cell.get("VarCharValue") for cell in row["Data"]] for row in answer["Rows"]]
        return columns, rows[1:]
