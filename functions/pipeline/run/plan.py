"""Which tables a request resolves to."""

import re
from collections.abc import Mapping, Sequence

from pipeline.contracts.states import RunRequest
from pipeline.errors import InputInvalid, WrongFrequency
from pipeline.frequency import Frequency, RequestedFrequency

MAX_TABLES = 1500  # a table takes about 12 of the 25,000 events of an execution's history
RUN_ID = re.compile(r"[A-Za-z0-9_-]{1,80}", re.ASCII)  # safe in S3 keys, SQL, tags, shell exports and links
TABLE_ID = re.compile(r"[A-Z]?[0-9]{4,6}", re.ASCII)


def check_run_id(run_id: str) -> None:
    """Raises `InputInvalid` for an execution name that is not a run id; Step Functions allows more characters."""
    if not RUN_ID.fullmatch(run_id):
        raise InputInvalid(f"the execution name {run_id!r} is not a run id: 1 to 80 letters, digits, - and _")


def plan_tables(request: RunRequest, datasets: Mapping[str, Sequence[str]]) -> list[str]:
    """The request's table ids in its order; dataset `all` is every dataset, each table once.

    Raises `InputInvalid` for both or neither of tables and dataset, an unknown dataset, an empty list, an invalid or
    repeated id, or more than 1,500 tables.
    """
    if (request.tables is None) == (request.dataset is None):
        raise InputInvalid("give either tables or a dataset")
    tables = _dataset(request.dataset or "", datasets) if request.tables is None else request.tables
    if not tables:
        raise InputInvalid("the list of tables is empty")
    if bad := [table for table in tables if not TABLE_ID.fullmatch(table)]:
        raise InputInvalid(f"{bad[0][:40]!r} is not a table id (like M213751 or 17560)")
    if repeated := [table for n, table in enumerate(tables) if table in tables[:n]]:
        raise InputInvalid(f"{repeated[0]} is given twice")
    if len(tables) > MAX_TABLES:
        raise InputInvalid(f"{len(tables)} tables are more than {MAX_TABLES} for one run")
    return tables


def check_frequency(asked: RequestedFrequency, found: Frequency) -> None:
    """Raises `WrongFrequency` if the table does not have the requested frequency; "" accepts any."""
    if asked not in ("", found):
        raise WrongFrequency(f"the table is {found}, not {asked}")


def _dataset(name: str, datasets: Mapping[str, Sequence[str]]) -> list[str]:
    if name == "all":
        return list(dict.fromkeys(table for tables in datasets.values() for table in tables))
    if name not in datasets:
        raise InputInvalid(f"{name[:40]!r} is not a dataset ({', '.join([*datasets, 'all'])})")
    return list(datasets[name])
