"""Which tables a request resolves to."""

import re
from collections.abc import Mapping, Sequence

from pipeline.contracts.states import RunRequest
from pipeline.errors import InputInvalid, WrongFrequency
from pipeline.frequency import Frequency, RequestedFrequency

MAX_TABLES = 1500  # a table takes about 12 of the 25,000 events of an execution's history
RUN_ID = re.compile(r"[A-Za-z0-9_-]{1,80}", re.ASCII)  # safe in S3 keys, SQL, tags, shell exports and links
EDITION = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(\.[0-9]+)?", re.ASCII)
TABLE_ID = re.compile(r"[A-Z]?[0-9]{4,6}", re.ASCII)


def check_run_id(run_id: str) -> None:
    """Raises `InputInvalid` for an execution name that is not a run id; Step Functions allows more characters."""
    if not RUN_ID.fullmatch(run_id):
        raise InputInvalid(f"the execution name {run_id!r} is not a run id: 1 to 80 letters, digits, - and _")


def plan_tables(request: RunRequest, datasets: Mapping[str, Sequence[str]]) -> list[str]:
    """The request's table ids in its order; dataset `all` is every dataset, each table once; none for a restoration.

    Raises `InputInvalid` for more or less than one of tables, dataset, rollback and forget, an unknown dataset, an
    empty list, an invalid or repeated id, more than 1,500 tables, or an invalid edition.
    """
    given = (request.tables, request.dataset, request.rollback, request.forget)
    if sum(each is not None for each in given) != 1:
        raise InputInvalid("give either tables or a dataset, or a rollback or forget")
    if request.rollback:
        return _restoration(request.rollback.table, request.rollback.to)
    if request.forget:
        return _restoration(request.forget.table, request.forget.vintage)
    tables = _dataset(request.dataset or "", datasets) if request.tables is None else request.tables
    if not tables:
        raise InputInvalid("the list of tables is empty")
    for table in tables:
        _check_table_id(table)
    if repeated := [table for n, table in enumerate(tables) if table in tables[:n]]:
        raise InputInvalid(f"{repeated[0]} is given twice")
    if len(tables) > MAX_TABLES:
        raise InputInvalid(f"{len(tables)} tables are more than {MAX_TABLES} for one run")
    return tables


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


def _dataset(name: str, datasets: Mapping[str, Sequence[str]]) -> list[str]:
    if name == "all":
        return list(dict.fromkeys(table for tables in datasets.values() for table in tables))
    if name not in datasets:
        raise InputInvalid(f"{name[:40]!r} is not a dataset ({', '.join([*datasets, 'all'])})")
    return list(datasets[name])
