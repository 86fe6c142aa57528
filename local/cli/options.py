"""Options that several commands share."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from pipeline.contracts import keys
from pipeline.contracts.records import TableList
from pipeline.contracts.states import RunRequest
from pipeline.errors import InputInvalid
from pipeline.run.plan import ALL, PARAMETERS, check_tables, plan_tables

from local.cli.names import did_you_mean
from local.cli.output import USAGE, for_programs, stop
from local.cli.records import publications, read_record
from local.cloud.stack.template import TEMPLATE, load_template

LIVE_URL = "https://tablebuilder.singstat.gov.sg/api/table"
# Nothing on a laptop takes minutes, and DuckDB keeps all that a query groups in memory.
LAPTOP = {"PollSeconds": "1", "VerificationCells": "100000"}
# Recorded answers need no pace.
QUICK = LAPTOP | {"BackoffSeconds": "0.1", "SourceRequestsPerSecond": "1000"}


class Format(StrEnum):
    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def _chosen(shape: Format) -> Format:
    if shape is Format.JSON:
        for_programs(True)
    return shape


Lake = Annotated[Path, typer.Option("--lake", help="The data directory.", file_okay=False)]
LAKE = Path("lake")
RowFormat = Annotated[
    Format, typer.Option("--format", help="Output format of the rows; json is --json.", callback=_chosen)
]
BaseUrl = Annotated[
    str | None, typer.Option(metavar="URL", help="Root URL of the API; default: the recorded responses.")
]
Live = Annotated[bool, typer.Option("--live", help="Query SingStat over the internet.")]
PathOnly = Annotated[bool, typer.Option("--path", help="Print the path of the page instead of opening it.")]


def _published(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """For the completion of a shell: the published tables whose IDs begin so, with their titles."""
    known, _ = publications(context.params.get("lake") or LAKE)
    return [(table.table_id, table.title) for table in known if table.table_id.startswith(incomplete)]


PublishedTable = Annotated[
    str, typer.Argument(metavar="TABLE", help="Table ID, for example M212161.", autocompletion=_published)
]


@contextmanager
def source(base_url: str | None, live: bool) -> Iterator[dict[str, str]]:
    """The template parameters that select the API; without either option, recorded responses are served meanwhile."""
    from local.replay.server import Replay  # noqa: PLC0415

    if live and base_url:
        stop("use either --live or --base-url, not both", USAGE)
    if live:
        yield LAPTOP | {"BackoffSeconds": "1"}
    elif base_url:
        yield QUICK | {"SourceUrl": base_url.rstrip("/")}
    else:
        with Replay() as replay:
            yield QUICK | {"SourceUrl": replay.url}


def template_lists() -> dict[str, list[str]]:
    """The table IDs of each list of the template: the defaults of its parameters."""
    parameters = load_template(TEMPLATE)["Parameters"]
    return {name: parameters[f"{name.capitalize()}Tables"]["Default"].split(",") for name in PARAMETERS}


def resolve(request: RunRequest, lake: Path) -> list[str]:
    """The table IDs that a request asks for.

    Raises `InputInvalid` as `plan_tables`, with the list that was probably meant, and for a list that cannot be used.
    """
    (stored, wrong), name = stored_lists(lake), request.list_name or ALL
    if why := wrong.get(name) or (name == ALL and "; ".join(wrong.values())):
        raise InputInvalid(why)
    known = template_lists() | stored
    if name not in (*known, ALL) and (meant := did_you_mean(name, [*known, ALL])):
        raise InputInvalid(f"there is no list {name!r}{meant}")
    return plan_tables(request, known)


def stored_lists(lake: Path) -> tuple[dict[str, list[str]], dict[str, str]]:
    """The lists stored in the lake, and by name what is wrong with those that cannot be used."""
    lists, odd = {}, {}
    for path in sorted(lake.glob(f"*/{keys.table_list('*')}")):
        content, wrong = read_record(path, TableList)
        if content:
            try:
                check_tables(content.tables)
                lists[path.stem] = content.tables
            except InputInvalid as error:
                wrong = f"{path}: {error}"
        if wrong:
            odd[path.stem] = wrong
    return lists, odd
