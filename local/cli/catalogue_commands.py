"""The commands about what SingStat has: `catalogue` and `search`."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from pipeline.contracts.states import CatalogueCounts
from pipeline.run.catalogue import KINDS
from pipeline.source.responses import read_search
from pipeline.wording import quantity

from local.cli.options import LAKE, LIVE_URL, BaseUrl, Format, Lake, Live, RowFormat, source
from local.cli.output import FAILED, line, note, print_rows, show, stop
from local.cloud.sql import athena
from local.cloud.sql.catalogue import PUBLISHED, load

LISTED = "SELECT table_id, title, kind, last_seen FROM catalogue WHERE retired_on IS NULL ORDER BY table_id"
COLUMNS = [("id", "varchar"), ("title", "varchar"), ("kind", "varchar")]


def catalogue(
    base_url: BaseUrl = None,
    live: Live = False,
    accept: Annotated[bool, typer.Option("--accept", help="Also if more than a tenth of the tables are gone.")] = False,
    lake: Lake = LAKE,
) -> None:
    """Refresh the catalogue, every table that SingStat lists: `query` knows it as `catalogue`, `search` uses it."""
    from local.cli.run import follow, new_run_id  # noqa: PLC0415
    from local.cloud.aws import LocalAWS  # noqa: PLC0415 - importing moto takes a second

    sent = {"refresh": "catalogue", "accept": accept}
    with source(base_url, live) as parameters, LocalAWS(lake, parameters=parameters) as aws:
        execution = aws.start(sent, new_run_id())
        story = follow(aws, execution, sent, lambda *_: None)
        output = aws.describe(execution)["output"]
    if story.status != "SUCCEEDED":
        stop(story.cause, FAILED)
    counts = msgspec.json.decode(output, type=CatalogueCounts)
    told = f"{quantity(counts.listed, 'table')} listed, {counts.new:,} new, {counts.retired:,} retired"
    show(counts, lambda: line(told))


def search(
    words: Annotated[list[str], typer.Argument(metavar="WORD", help="Words of the title.")],
    base_url: BaseUrl = None,
    live: Live = False,
    shape: RowFormat = Format.TABLE,
    lake: Lake = LAKE,
) -> None:
    """Find tables by words of their titles, in the lake's catalogue; with --live at SingStat, in 7 to 10 s."""
    found = None if live or base_url else _catalogued(words, lake)
    if found is None:
        from pipeline.source.client import USER_AGENT, SingStat  # noqa: PLC0415 - the catalogue needs no client

        with source(base_url, live) as parameters:
            api = SingStat(parameters.get("SourceUrl", LIVE_URL), backoff_seconds=1, user_agent=USER_AGENT)
            tables = read_search(api.search(" ".join(words)))
            found = [(table.id, table.title, KINDS.get(table.table_type, table.table_type)) for table in tables]
    if not found:
        note(f"no table has {' '.join(words)!r} in its title")
    print_rows(athena.Result(COLUMNS, found, 0), shape)


def _catalogued(words: list[str], lake: Path) -> list[tuple[str | None, ...]] | None:
    """The listed tables with all words in their titles; None if the lake has no catalogue."""
    if "catalogue" not in load(lake).databases.get(PUBLISHED, {}):
        return None
    listed = athena.run(LISTED, PUBLISHED, [], lake).rows
    if not listed:
        return None
    note(f"as of {listed[0][3]}; `singstat catalogue` refreshes it, --live asks SingStat")
    wanted = [word.casefold() for word in words]
    return [
        (table_id, title, kind)
        for table_id, title, kind, _ in listed
        if all(word in str(title).casefold() for word in wanted)
    ]
