"""Which tables a request resolves to."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from math import ceil

from pipeline.contracts.states import RunRequest
from pipeline.errors import InputInvalid, WrongFrequency
from pipeline.frequency import Frequency, RequestedFrequency

MAX_TABLES = 10_000
MAX_BATCH = 50  # tables of one child execution: 1,000 of the 25,000 events of its history, and minutes of a function
RUN_ID = re.compile(r"[A-Za-z0-9_-]{1,80}", re.ASCII)  # safe in S3 keys, SQL, tags, shell exports and links
EDITION = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(\.[0-9]+)?", re.ASCII)
TABLE_ID = re.compile(r"[A-Z]?[0-9]{4,6}", re.ASCII)
LIST_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}", re.ASCII)
ALL = "all"
PARAMETERS = ("monthly", "quarterly", "yearly")  # lists that the template's parameters give until others are stored


def check_run_id(run_id: str) -> None:
    """Raises `InputInvalid` for an execution name that is not a run id; Step Functions allows more characters."""
    if not RUN_ID.fullmatch(run_id):
        raise InputInvalid(f"the execution name {run_id!r} is not a run id: 1 to 80 letters, digits, - and _")


def list_names(request: RunRequest) -> list[str]:
    """The names of the lists that `plan_tables` needs for the request.

    Raises `InputInvalid` as `check_list_name`.
    """
    name = request.dataset if request.list_name is None else request.list_name
    if name is None:
        return []
    check_list_name(name)
    return [name, *PARAMETERS] if name == ALL else [name]


def check_list_name(name: str) -> None:
    """Raises `InputInvalid` for a name that is not 1 to 40 small letters, digits, - and _, the first one a letter."""
    if not LIST_NAME.fullmatch(name):
        raise InputInvalid(f"{name[:40]!r} is not the name of a list: 1 to 40 small letters, digits, - and _")


def plan_tables(request: RunRequest, lists: Mapping[str, Sequence[str]]) -> list[str]:
    """The request's table ids in its order; none for a refresh or a restoration.

    If there is no list `all`, it is the lists monthly, quarterly and yearly, each table once.
    Raises `InputInvalid` for more or less than one of tables, list, dataset, refresh, rollback and forget, an unknown
    list, or an invalid edition, and as `check_tables`.
    """
    given = (request.tables, request.list_name, request.dataset, request.refresh, request.rollback, request.forget)
    if sum(each is not None for each in given) != 1:
        raise InputInvalid("give either tables or a list, or a refresh, rollback or forget")
    if request.rollback:
        return _restoration(request.rollback.table, request.rollback.to)
    if request.forget:
        return _restoration(request.forget.table, request.forget.vintage)
    if request.refresh:
        return []
    tables = _listed(request.list_name or request.dataset or "", lists) if request.tables is None else request.tables
    check_tables(tables)
    return tables


def check_tables(tables: Sequence[str]) -> None:
    """Raises `InputInvalid` for no tables, an invalid or repeated id, or more than 10,000 tables."""
    if not tables:
        raise InputInvalid("the list of tables is empty")
    if len(tables) > MAX_TABLES:
        raise InputInvalid(f"{len(tables)} tables are more than {MAX_TABLES} for one run")
    for table in tables:
        _check_table_id(table)
    if repeated := [table for table, times in Counter(tables).items() if times > 1]:
        raise InputInvalid(f"{repeated[0]} is given twice")


def batch_size(tables: int, connections: int) -> int:
    """How many tables a batch has: as many batches as connections, if none is larger than 50."""
    return max(1, min(MAX_BATCH, ceil(tables / connections)))


def check_frequency(asked: RequestedFrequency, found: Frequency) -> None:
    """Raises `WrongFrequency` if the table does not have the requested frequency; "" accepts any."""
    if asked not in ("", found):
        raise WrongFrequency(f"the table is {found}, not {asked}")


def _restoration(table: str, edition: str) -> list[str]:
    _check_table_id(table)
    if not EDITION.fullmatch(edition):
        raise InputInvalid(f"{edition[:40]!r} is neither a vintage nor an edition (like 2026-07-24 or 2026-07-24.1)")
    return []


def _check_table_id(table: str) -> None:
    if not TABLE_ID.fullmatch(table):
        raise InputInvalid(f"{table[:40]!r} is not a table id (like M213751 or 17560)")


def _listed(name: str, lists: Mapping[str, Sequence[str]]) -> list[str]:
    if name == ALL and ALL not in lists:
        return list(dict.fromkeys(table for each in PARAMETERS for table in lists[each]))
    if name not in lists:
        raise InputInvalid(f"there is no list {name[:40]!r} ({', '.join(sorted({*lists, ALL}))})")
    return list(lists[name])
