"""The command about what a run would take: `plan`."""

from typing import Annotated

import typer
from pipeline.contracts.states import RunRequest
from pipeline.costs.plan import ASSUMED, Size, planned
from pipeline.run.plan import ALL
from pipeline.wording import quantity

from local.cli.options import LAKE, LIVE_URL, BaseUrl, Format, Lake, Live, RowFormat, resolve, source
from local.cli.output import note, print_rows
from local.cli.plan import COLUMNS, announced_sizes, planned_row, planned_tables, published_sizes, setting, taken_row
from local.cloud.sql import athena


def plan(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="LIST|TABLE", help="A list or table IDs; default: all.", show_default=False),
    ] = None,
    run_id: Annotated[
        str | None, typer.Option("--run", metavar="RUN", help="Also what this run took; by default for its tables.")
    ] = None,
    base_url: BaseUrl = None,
    live: Live = False,
    large_table_cells: Annotated[
        int | None, typer.Option(metavar="CELLS", help="Download tables with more cells on an EC2 worker.", min=1)
    ] = None,
    verification_cells: Annotated[
        int | None, typer.Option(metavar="CELLS", help="Verify at most as many cells in one query.", min=1)
    ] = None,
    shape: RowFormat = Format.TABLE,
    lake: Lake = LAKE,
) -> None:
    """Show what a run would download, how long it takes and what it costs on AWS, without running anything.

    Sizes are those of the published editions; of other tables SingStat is asked only with --live or --base-url.
    """
    tables = planned_tables(lake, run_id) if run_id and not names else _tables(names or [ALL], lake)
    sizes = published_sizes(lake, tables)
    absent = [table for table in tables if table not in sizes]
    if absent and (live or base_url):
        from pipeline.source.client import USER_AGENT, SingStat  # noqa: PLC0415 - the records need no client

        with source(base_url, live) as parameters:
            url = parameters.get("SourceUrl", LIVE_URL)
            sizes |= announced_sizes(SingStat(url, backoff_seconds=1, user_agent=USER_AGENT), absent)
    known = [sizes.get(table, Size(cells=None)) for table in sorted(tables)]
    published = any(size.published for size in known)
    cases = {"unchanged": False, "all revised": True} if published else {"first run": True}
    chosen = setting(large_table_cells, verification_cells)
    plans = {case: planned(known, chosen, revised=revised) for case, revised in cases.items()}
    rows: list[tuple[str | None, ...]] = [planned_row(case, plan) for case, plan in plans.items()]
    rows += [taken_row(lake, run_id)] if run_id else []
    if unknown := sum(size.cells is None for size in known):
        note(f"{quantity(unknown, 'table')} of unknown size, each planned as one page" + _how_to_ask(live, base_url))
    cost = next(iter(plans.values())).cost
    note(f"list prices of {cost.prices_as_of} for {cost.region}; assumed: {ASSUMED}")
    print_rows(athena.Result([(name, "varchar") for name in COLUMNS], rows, 0), shape)


def _tables(names: list[str], lake: "Lake") -> list[str]:
    """Of a list, whose name begins with a small letter, or the tables that are named."""
    named = len(names) == 1 and names[0][:1].islower()
    request = RunRequest(list_name=names[0]) if named else RunRequest(tables=names)
    return resolve(request, lake)


def _how_to_ask(live: bool, base_url: str | None) -> str:
    return ": SingStat does not say" if live or base_url else ": they were never downloaded; --live asks SingStat"
