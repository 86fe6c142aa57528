"""Glue's GetPartitions on the laptop selects as documented."""

import json
from types import SimpleNamespace

import pytest
from moto.glue.exceptions import GlueClientError
from moto.glue.utils import PartitionFilter

from local.cloud.services import partition_expressions
from tests.local.documented import REFUSED, rows


@pytest.mark.parametrize("row", rows("partition-expressions"), ids=lambda row: f"{row['type']} {row['expression']}")
def test_partition_expressions(row: dict[str, str]) -> None:
    """A table with one partition key, k."""
    partition_expressions.repair()
    table = SimpleNamespace(versions={1: {"PartitionKeys": [{"Name": "k", "Type": row["type"]}]}})
    matches = PartitionFilter(row["expression"], table)
    values = json.loads(row["values"])
    try:
        selected = [value for value in values if matches(SimpleNamespace(partition_input={"Values": [value]}))]
        found = json.dumps(selected)
    except GlueClientError as error:
        found = REFUSED if REFUSED in error.message else str(error.error_type)
    assert found == row["expected"]
