"""Athena queries on the staged data, with parameters."""

import os
from collections.abc import Iterator, Sequence

from pipeline.aws.clients import client

WORKGROUP, DATABASE = os.environ["WORKGROUP"], os.environ["STAGED_DATABASE"]

athena = client("athena")


def start(query: str, parameters: Sequence[str], round_: int) -> str:
    """Start `query` with these ids as parameters (StartQueryExecution), once for the same round; the query's id."""
    return athena.start_query_execution(
        QueryString=query,
        ExecutionParameters=[f"'{parameter}'" for parameter in parameters],
        ClientRequestToken=f"{'.'.join(parameters)}.{round_}".ljust(32, "."),  # 32 characters at least; no id has a dot
        QueryExecutionContext={"Database": DATABASE},
        WorkGroup=WORKGROUP,
    )["QueryExecutionId"]


def state(query_id: str) -> tuple[str, str, int]:
    """The query's state, the reason for it and the bytes scanned so far (GetQueryExecution)."""
    query = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
    scanned = query.get("Statistics", {}).get("DataScannedInBytes", 0)
    return query["Status"]["State"], query["Status"].get("StateChangeReason", ""), scanned


def rows(query_id: str) -> Iterator[tuple[str, ...]]:
    """The result's rows as text, "" for NULL, without the header row (GetQueryResults)."""
    pages = athena.get_paginator("get_query_results").paginate(QueryExecutionId=query_id)
    for number, page in enumerate(pages):
        for row in page["ResultSet"]["Rows"][1 if number == 0 else 0 :]:
            yield tuple(cell.get("VarCharValue", "") for cell in row["Data"])
