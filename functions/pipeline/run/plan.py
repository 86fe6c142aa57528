"""Which tables a request means."""

import re
from collections.abc import Mapping, Sequence

from pipeline.contracts.states import RunRequest
from pipeline.errors import InputInvalid, WrongFrequency
from pipeline.frequency import AskedFrequency, Frequency

MAX_TABLES = 1500  # a table takes about 12 of the 25,000 events of an execution's history
TABLE_ID = re.compile(r"[A-Z]?[0-9]{4,6}", re.ASCII)


def plan_tables(request: RunRequest, datasets: Mapping[str, Sequence[str]]) -> list[str]:
    """The table ids of `request`, in its order; `all` is every dataset, each table once.

    Raises `InputInvalid` for neither or both of tables and dataset, an unknown dataset, a bad or repeated id, too many.
    """
    if (request.tables is None) == (request.dataset is None):
        raise InputInvalid("give either tables or a dataset")
    tables = _dataset(request.dataset or "", datasets) if request.tables is None else request.tables
    if not tables:
        raise InputInvalid("the list of tables is empty")
    if bad := [table for table in tables if not TABLE_ID.fullmatch(table)]:
        raise InputInvalid(f"{bad[0][:40]!r} is no table id (like M213751 or 17560)")
    if repeated := [table for n, table in enumerate(tables) if table in tables[:n]]:
        raise InputInvalid(f"{repeated[0]} is given twice")
    if len(tables) > MAX_TABLES:
        raise InputInvalid(f"{len(tables)} tables are more than {MAX_TABLES} for one run")
    return tables


def check_frequency(asked: AskedFrequency, found: Frequency) -> None:
    """Raises `WrongFrequency` for a table of another frequency than the request names."""
    if asked not in ("", found):
        raise WrongFrequency(f"the table is {found}, not {asked}")


def _dataset(name: str, datasets: Mapping[str, Sequence[str]]) -> list[str]:
    if name == "all":
        return list(dict.fromkeys(table for tables in datasets.values() for table in tables))
    if name not in datasets:
        raise InputInvalid(f"{name[:40]!r} is no dataset ({', '.join([*datasets, 'all'])})")
    return list(datasets[name])
