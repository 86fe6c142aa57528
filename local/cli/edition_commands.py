"""The commands about a table's editions that change what readers see: `rollback` and `forget`."""

import getpass
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from pipeline.contracts import keys
from pipeline.contracts.states import Forget, Rollback, RunRequest
from pipeline.publication.restore import Audit
from pipeline.run.plan import plan_tables

from local.cli.names import published
from local.cli.options import LAKE, Lake, PublishedTable
from local.cli.output import FAILED, line, show, stop


def rollback(
    table_id: PublishedTable,
    to: Annotated[str, typer.Option(metavar="EDITION", help="Edition or vintage that readers go back to.")],
    lake: Lake = LAKE,
) -> None:
    """Point readers at an earlier edition; the later ones stay queryable and are not published again by themselves."""
    _carry_out(RunRequest(rollback=Rollback(table=table_id, to=to, by=getpass.getuser())), table_id, lake)


def forget(
    table_id: PublishedTable,
    vintage: Annotated[str, typer.Option(metavar="EDITION", help="Vintage, or one edition of it, to take back.")],
    lake: Lake = LAKE,
) -> None:
    """Take back a published edition, for example one with a wrong date; readers see the newest that is left."""
    _carry_out(RunRequest(forget=Forget(table=table_id, vintage=vintage, by=getpass.getuser())), table_id, lake)


def _carry_out(request: RunRequest, table_id: str, lake: Path) -> None:
    plan_tables(request, {})
    published(lake, table_id)

    from local.cli.run import follow, new_run_id  # noqa: PLC0415
    from local.cloud.aws import LocalAWS  # noqa: PLC0415 - importing moto takes a second

    sent = {name: value for name, value in msgspec.to_builtins(request).items() if value is not None}
    run_id = new_run_id()
    with LocalAWS(lake) as aws:
        story = follow(aws, aws.start(sent, run_id), sent, lambda *_: None)
        path = aws.lake / aws.resource("DataBucket") / keys.audit(table_id, run_id)
    if story.status != "SUCCEEDED":
        stop(story.cause, FAILED)
    after = msgspec.json.decode(path.read_bytes(), type=Audit).after
    seen = after.edition if after else "nothing: it is no longer published"
    answer = {"table_id": table_id, "edition": after and after.edition, "record": path}
    show(answer, lambda: line(f"readers of {table_id} see {seen}\nrecorded: {path}"))
