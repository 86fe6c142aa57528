"""The rows of a DuckDB query as a frame of pandas, polars or Arrow."""

from decimal import Decimal
from importlib.util import find_spec
from typing import Any, Literal

from local.cloud.sql.scan import name_sql

To = Literal["pandas", "polars", "arrow"]
NEEDED: dict[To, tuple[str, ...]] = {"pandas": ("pandas",), "polars": ("polars", "pyarrow"), "arrow": ("pyarrow",)}


def check(to: To) -> None:
    """Raises `ValueError` if `to` is no kind of frame, `ImportError` if a package that it needs is not installed."""
    if to not in NEEDED:
        raise ValueError(f"to is {', '.join(NEEDED)}, not {to}")
    if absent := " ".join(name for name in NEEDED[to] if find_spec(name) is None):
        raise ImportError(f"to={to!r} needs {absent}: `uv pip install {absent}`")


def frame(con: Any, select: str, order: str, to: To, *, exact: bool) -> Any:
    """The rows of `select` in DuckDB's `order`; decimals are floats unless `exact`, those of pandas are Python's."""
    rows = con.sql(select)
    decimals = [name for name, kind in zip(rows.columns, rows.types, strict=True) if str(kind).startswith("DECIMAL")]
    kind = "VARCHAR" if exact else "DOUBLE"  # df() would make floats of decimals
    if decimals and not (exact and to != "pandas"):
        casts = [f"CAST({name_sql(name)} AS {kind}) AS {name_sql(name)}" for name in decimals]
        select = f"SELECT * REPLACE ({', '.join(casts)}) FROM ({select})"  # noqa: S608
    rows = con.sql(f"FROM ({select}) ORDER BY {order}")
    if to == "arrow":
        return rows.to_arrow_table()
    if to == "polars":
        return rows.pl()
    made = rows.df()
    for name in decimals if exact else ():
        numbers = [Decimal(text) if isinstance(text, str) else None for text in made[name]]
        made[name] = made[name].astype(object)
        made[name] = numbers
    return made
