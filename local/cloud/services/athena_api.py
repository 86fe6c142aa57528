"""Query execution for moto's Athena: StartQueryExecution, GetQueryExecution and GetQueryResults."""

import json
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from moto.athena.models import AthenaBackend, Execution
from moto.athena.responses import AthenaResponse
from moto.core.exceptions import JsonRESTError

from local.cloud.sql import catalogue
from local.cloud.sql.athena import QueryError, Result, run

PAGE_ROWS = 1000
SHOW_OR_DESCRIBE = re.compile(r"\s*(SHOW|DESC)", re.IGNORECASE)


class QueryExecution(Execution):  # type: ignore[misc]
    """A query execution whose state is set by its thread, not by moto's timer."""

    status = "QUEUED"
    reason: str | None = None
    result: Result | None = None

    @property
    def is_listing(self) -> bool:
        """Whether it is a SHOW or DESCRIBE, whose result is text without a header row."""
        return SHOW_OR_DESCRIBE.match(self.query) is not None

    def table(self) -> list[tuple[str | None, ...]]:
        """The rows of the result set as Athena returns them, header row included."""
        if self.result is None:
            return []
        header: list[tuple[str | None, ...]] = [tuple(name for name, _ in self.result.columns)]
        return ([] if self.is_listing else header) + self.result.rows

    def work(self, lake: Path, put: Callable[[str, bytes], None]) -> None:
        """Run to the end: SUCCEEDED with a stored result or FAILED with a reason, unless it was CANCELLED meanwhile."""
        self.status, ending = "RUNNING", "SUCCEEDED"
        try:
            catalogue.save(lake)
            database = (self.context or {}).get("Database") or "default"
            self.result = run(self.query, database, self.execution_parameters or [], lake)
            put(self.config["OutputLocation"], _stored(self.table()))
        except QueryError as error:
            ending, self.reason = "FAILED", str(error)
        except Exception as error:  # noqa: BLE001 - any error ends the query
            ending, self.reason = "FAILED", f"{type(error).__name__}: {error}"
        self.end_time = time.time()
        if self.status == "RUNNING":
            self.status = ending


START_RESPONSE, GET_RESPONSE = AthenaResponse.start_query_execution, AthenaResponse.get_query_execution  # moto's


def install(lake: Path, put: Callable[[str, bytes], None]) -> None:
    """Patch moto's Athena to run queries on `lake`; `put` stores a result at `s3://bucket/key`."""
    started: dict[str, str] = {}
    starting = threading.Lock()

    def start(self: AthenaBackend, query: str, workgroup: str | None, **options: Any) -> str:
        group = self.work_groups[workgroup or "primary"]
        config = _result_configuration(group, options["config"])
        execution = QueryExecution(query, options["context"], config, group, options["execution_parameters"])
        if execution.is_listing:
            execution.config["OutputLocation"] = execution.config["OutputLocation"].removesuffix(".csv") + ".txt"
        self.executions[execution.id] = execution
        threading.Thread(target=execution.work, args=(lake, put), daemon=True).start()
        identity: str = execution.id
        return identity

    def start_query_execution(self: AthenaResponse) -> Any:
        token = self._get_param("ClientRequestToken")
        with starting:
            if token in started:
                return json.dumps({"QueryExecutionId": started[token]})
            answer = START_RESPONSE(self)
            if token and isinstance(answer, str):
                started[token] = json.loads(answer)["QueryExecutionId"]
            return answer

    def get_query_execution(self: AthenaResponse) -> str:
        execution = _execution(self)
        answer: dict[str, Any] = json.loads(GET_RESPONSE(self))
        described = answer["QueryExecution"]
        if execution.status in ("QUEUED", "RUNNING"):
            described["Status"].pop("CompletionDateTime", None)
        if execution.reason:
            described["Status"]["StateChangeReason"] = execution.reason
        milliseconds = round((execution.end_time - execution.start_time) * 1000)
        described["Statistics"] |= {
            "DataScannedInBytes": execution.result.bytes_scanned if execution.result else 0,
            "EngineExecutionTimeInMillis": milliseconds,
            "TotalExecutionTimeInMillis": milliseconds,
        }
        return json.dumps(answer)

    def get_query_results(self: AthenaResponse) -> str:
        execution = _execution(self)
        if execution.status != "SUCCEEDED" or execution.result is None:
            raise _invalid(f"Query did not finish successfully. Its state is {execution.status}.")
        first = int(self._get_param("NextToken") or 0)
        after = first + int(self._get_param("MaxResults") or PAGE_ROWS)
        table = execution.table()
        rows = [
            {"Data": [{} if text is None else {"VarCharValue": text} for text in row]} for row in table[first:after]
        ]
        columns = [_column_info(name, kind) for name, kind in execution.result.columns]
        answer = {"UpdateCount": 0, "ResultSet": {"Rows": rows, "ResultSetMetadata": {"ColumnInfo": columns}}}
        return json.dumps(answer | ({"NextToken": str(after)} if after < len(table) else {}))

    AthenaBackend.start_query_execution = start
    AthenaResponse.start_query_execution = start_query_execution
    AthenaResponse.get_query_execution = get_query_execution
    AthenaResponse.get_query_results = get_query_results


def _invalid(message: str) -> Exception:
    error: Exception = JsonRESTError("InvalidRequestException", message)
    return error


def _execution(response: AthenaResponse) -> QueryExecution:
    identity = response._get_param("QueryExecutionId")
    execution = response.athena_backend.executions.get(identity)
    if not isinstance(execution, QueryExecution):
        raise _invalid(f"QueryExecution {identity} was not found")
    return execution


def _result_configuration(group: Any, requested: dict[str, Any] | None) -> dict[str, Any]:
    """The workgroup's configuration if it is enforced, else the client's; a copy, because moto modifies it."""
    own = group.configuration.get("ResultConfiguration") or {}
    enforced = group.configuration["EnforceWorkGroupConfiguration"] or not (requested or {}).get("OutputLocation")
    config = dict(own if enforced else requested or {})
    if not config.get("OutputLocation"):
        raise _invalid("No output location provided: neither the query nor its workgroup has one.")
    return config


def _column_info(name: str, kind: str) -> dict[str, Any]:
    base, _, size = kind.removesuffix(")").partition("(")
    precision, _, scale = size.partition(",")
    return {
        "CatalogName": "hive",
        "SchemaName": "",
        "TableName": "",
        "Name": name,
        "Label": name,
        "Type": base,
        "Precision": int(precision or 0),
        "Scale": int(scale or 0),
        "Nullable": "UNKNOWN",
        "CaseSensitive": base in ("varchar", "string"),
    }


def _stored(table: list[tuple[str | None, ...]]) -> bytes:
    """The result file: CSV with every value quoted; NULL is an empty field."""
    lines = (",".join("" if text is None else '"' + text.replace('"', '""') + '"' for text in row) for row in table)
    return "".join(f"{line}\n" for line in lines).encode()
