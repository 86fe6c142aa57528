"""The named lists of tables: those stored in the data bucket, before those of the template's parameters."""

import os

import msgspec

from pipeline.aws import data_bucket
from pipeline.contracts import keys
from pipeline.contracts.records import TableList
from pipeline.contracts.states import RunRequest
from pipeline.errors import InputInvalid
from pipeline.run.plan import PARAMETERS, list_names


def requested_lists(request: RunRequest) -> dict[str, list[str]]:
    """The lists that the request needs, and those of the parameters (`MONTHLY_TABLES` and so on).

    Raises `InputInvalid` for an invalid name or a stored list that is not of the form `{"tables": [...]}`.
    """
    lists = {name: list(filter(None, os.environ[f"{name.upper()}_TABLES"].split(","))) for name in PARAMETERS}
    for name in list_names(request):
        try:
            stored, _ = data_bucket.read_optional(keys.table_list(name), TableList)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise InputInvalid(f"{keys.table_list(name)} is not a list of tables: {error}") from error
        if stored:
            lists[name] = stored.tables
    return lists
