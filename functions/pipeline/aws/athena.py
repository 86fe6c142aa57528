"""Queries on the staged data, with values as parameters."""

import os
from collections.abc import Iterator

import boto3

WORKGROUP, DATABASE = os.environ["WORKGROUP"], os.environ["STAGED_DATABASE"]

athena = boto3.client("athena")


def start(query: str, run_id: str) -> str:
    """The id of the query started for a run; asked again for the same run, Athena gives the same."""
    return athena.start_query_execution(
        QueryString=query,
        ExecutionParameters=[f"'{run_id}'"],
        ClientRequestToken=f"{run_id:->32}"[:128],
        QueryExecutionContext={"Database": DATABASE},
        WorkGroup=WORKGROUP,
    )["QueryExecutionId"]


def state(query_id: str) -> tuple[str, str, int]:
    """Athena's state of the query, the reason it gives and the bytes that it has read."""
    query = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
    scanned = query.get("Statistics", {}).get("DataScannedInBytes", 0)
    return query["Status"]["State"], query["Status"].get("StateChangeReason", ""), scanned


def rows(query_id: str) -> Iterator[tuple[str, ...]]:
    """The result's rows as text, "" for NULL, without the line of names."""
    pages = athena.get_paginator("get_query_results").paginate(QueryExecutionId=query_id)
    for number, page in enumerate(pages):
        for row in page["ResultSet"]["Rows"][1 if number == 0 else 0 :]:
            yield tuple(cell.get("VarCharValue", "") for cell in row["Data"])
