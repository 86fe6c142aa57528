"""The command about pages: `browse`."""

from typing import Annotated

import typer

from local.cli.names import check_published
from local.cli.options import LAKE, Lake
from local.cli.output import line, show


def browse(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0: any free one.", min=0, max=65535)] = 8090,
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open the browser.")] = False,
    lake: Lake = LAKE,
) -> None:
    """Browse the published tables: search, charts, revisions, code to copy, downloads. Stop with Ctrl-C."""
    check_published(lake)

    from local.cli.browse.server import application  # noqa: PLC0415 - only this command draws pages
    from local.cli.loopback import listening, until_interrupted, wait  # noqa: PLC0415
    from local.cloud.wsgi import Handler  # noqa: PLC0415

    with until_interrupted(), listening(application(lake), port, Handler) as url:
        show({"url": url}, lambda: line(f"{url}  Ctrl-C stops it"))
        if not no_open:
            typer.launch(url)
        wait()
    line("stopped")
