"""A principal with the template's ReaderPolicy and no other."""

from typing import Any

from local.cloud.aws import LocalAWS
from local.cloud.sql.catalogue import PUBLISHED
from tests.support.waiting import wait_for

DONE = {"SUCCEEDED", "FAILED", "CANCELLED"}


class Reader:
    """A reader of the laptop's AWS. All methods raise botocore's `ClientError` if a call is refused."""

    def __init__(self, aws: LocalAWS, role: str | None = None) -> None:
        """By default a role with only ReaderPolicy, which the laptop creates under the policy's name."""
        self.aws = aws
        self.role = role or aws.resource("ReaderPolicy").replace(":policy/", ":role/")
        self.workgroup = aws.resource("ReadersWorkgroup")

    def client(self, service: str) -> Any:
        return self.aws.client(service, self.role)

    def start(self, sql: str, workgroup: str | None = None) -> str:
        """Start a query and return its id."""
        athena, context = self.client("athena"), {"Database": PUBLISHED}
        started = athena.start_query_execution(
            QueryString=sql, QueryExecutionContext=context, WorkGroup=workgroup or self.workgroup
        )
        return str(started["QueryExecutionId"])

    def finished(self, query: str) -> dict[str, Any]:
        """Wait until a query has succeeded and return its QueryExecution."""
        athena = self.client("athena")

        def execution() -> dict[str, Any]:
            return dict(athena.get_query_execution(QueryExecutionId=query)["QueryExecution"])

        wait_for(lambda: execution()["Status"]["State"] in DONE)
        assert execution()["Status"]["State"] == "SUCCEEDED", execution()
        return execution()

    def query(self, sql: str) -> tuple[list[tuple[str, str]], list[list[str | None]]]:
        """The columns of a result, each with its type, and its rows."""
        query = self.start(sql)
        self.finished(query)
        answer = self.client("athena").get_query_results(QueryExecutionId=query)["ResultSet"]
        columns = [(one["Name"], one["Type"]) for one in answer["ResultSetMetadata"]["ColumnInfo"]]
        rows = [[cell.get("VarCharValue") for cell in row["Data"]] for row in answer["Rows"]]
        return columns, rows[1:]
