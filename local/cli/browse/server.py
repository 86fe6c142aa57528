"""The pages of `singstat browse`: the published tables of a lake, to be read on this machine."""

import threading
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Blueprint, Flask, Response, current_app, request, send_file, url_for
from pipeline.rendering import templates
from pipeline.report import charts, wording
from pipeline.report.content import Chart
from pipeline.wording import quantity
from werkzeug.exceptions import HTTPException

from local.cli import names
from local.cli.browse import asked, download, published, table
from local.cli.browse.snippets import snippets
from local.cli.export_readme import Kind
from local.cloud.sql import athena

FOLDER = Path(__file__).parent
PAGES = {name: templates.load(FOLDER / f"{name}.html") for name in ("home", "table", "series", "revisions", "refusal")}
HOSTS = ["127.0.0.1", "localhost"]  # and no other name that an attacker's page could give this address
POLICY = "; ".join([
    "default-src 'none'",
    *("script-src 'self'", "img-src 'self'", "style-src 'unsafe-inline'", "form-action 'self'"),
    *("base-uri 'none'", "frame-ancestors 'none'"),
])  # fmt: skip
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
WIDE, NARROW = 944, 344  # of a chart on a desktop and on a phone, in points
TABLES, OBSERVATIONS, CHOICES = 50, 25, 200  # on a page; series to choose from
STATUS: dict[type[Exception], int] = {
    asked.AddressInvalid: 400,
    names.UnknownSeries: 404,
    names.UnknownEdition: 404,
    names.NothingPublished: 404,
    RuntimeError: 503,
    athena.QueryError: 500,
}
pages = Blueprint("pages", __name__)
_drawing = threading.Lock()  # matplotlib draws in one thread at a time


def application(lake: Path) -> Flask:
    """The pages of a lake, each read anew, as a WSGI application. They answer GET and HEAD, on loopback only."""
    app = Flask(__name__, static_folder=None)
    app.config.update(LAKE=lake, TRUSTED_HOSTS=HOSTS, PROVIDE_AUTOMATIC_OPTIONS=False)
    app.register_blueprint(pages)
    for error, status in STATUS.items():
        app.register_error_handler(
            error, lambda told, status=status: (_page("refusal", error=str(told), listed=[], meant={}), status)
        )
    return app


@pages.get("/")
def home() -> str:
    """The published tables by theme, or the tables that a search finds."""
    query = asked.read(request.args)
    themes, odd = published.by_theme(_lake())
    if query.theme and query.theme not in themes:
        raise asked.AddressInvalid(f"no published table has the theme {query.theme}")
    records = {record.table_id: record for each in themes.values() for record in each}
    if query.q:
        found = published.search(_lake(), query.q, records)
    else:
        found = [
            published.Entry(theme, record.table_id, record.title, record)
            for theme, members in themes.items()
            if query.theme in ("", theme)
            for record in members
        ]
    paging = asked.Paging(query.page, TABLES, len(found))
    entries = found[paging.start : paging.end]
    last = {each.table_id: published.last_period(_lake(), each.record) for each in entries if each.record}
    groups = [(heading, list(group)) for heading, group in groupby(entries, lambda each: each.heading)]
    shown = {"themes": themes, "odd": odd, "records": records, "groups": groups, "last": last, "paging": paging}
    return _page("home", query=query, **shown)


@pages.get("/tables/<table_id>")
def observations(table_id: str) -> str:
    """A series of a table: its chart, its observations, and how to get them elsewhere."""
    query = asked.read(request.args)
    opened = table.opened(_lake(), table_id, query.edition)
    shown = table.shown(_lake(), opened, query)
    paging = asked.Paging(query.page, OBSERVATIONS, len(shown.rows))
    return _page(
        "table",
        query=query,
        table=opened,
        shown=shown,
        rows=shown.rows[paging.start : paging.end],
        paging=paging,
        choices=CHOICES,
        drawings=_drawings(shown.chart) if shown.chart else {},
        snippets=snippets(_lake(), opened, shown.drawn, asked.periods(query, opened.record.frequency)),
    )


@pages.get("/tables/<table_id>/series")
def series(table_id: str) -> str:
    """The series of a table with their last observations."""
    query = asked.read(request.args)
    opened = table.opened(_lake(), table_id, query.edition)
    rows, paging = table.series(_lake(), opened, query)
    return _page("series", query=query, table=opened, rows=rows, paging=paging)


@pages.get("/tables/<table_id>/revisions")
def revisions(table_id: str) -> str:
    """The editions of a table, and what one of them changed."""
    query = asked.read(request.args)
    opened = table.opened(_lake(), table_id, query.edition)
    counts, rows, paging = table.revised(_lake(), opened, query)
    groups = [(number, list(group)) for number, group in groupby(rows, lambda each: each.series_no)]
    return _page("revisions", query=query, table=opened, counts=counts, groups=groups, paging=paging)


@pages.get("/tables/<table_id>.<any(csv,xlsx,parquet):kind>")
def file(table_id: str, kind: Kind) -> Response:
    """The observations of a table as a file."""
    query = asked.read(request.args)
    opened = table.opened(_lake(), table_id, query.edition)
    folder = TemporaryDirectory(prefix="singstat-")
    path = Path(folder.name) / f"{table_id}.{kind}"
    try:
        download.write(_lake(), opened, query, path, kind)
        answer = send_file(path, as_attachment=True, etag=False)
    except BaseException:
        folder.cleanup()
        raise
    answer.call_on_close(folder.cleanup)
    return answer


@pages.get("/<any('copy.js','icon.svg'):name>")
def asset(name: str) -> Response:
    """The script that copies code, and the icon."""
    return send_file(FOLDER / name)


@pages.app_errorhandler(HTTPException)
def refuse(error: HTTPException) -> tuple[str, int]:
    """A page that says why there is none."""
    return _page("refusal", error=error.description, listed=[], meant={}), error.code or 500


@pages.app_errorhandler(names.UnknownTable)
def unknown(error: names.UnknownTable) -> tuple[str, int]:
    """A page that says how to get a table that SingStat has, or which table was probably meant."""
    table_id = (request.view_args or {})["table_id"]
    listed = [each for each in published.search(_lake(), table_id, {}) if each.table_id == table_id]
    return _page("refusal", error=str(error), listed=listed, meant=error.meant), 404


@pages.after_app_request
def secure(answer: Response) -> Response:
    """Nothing of a page comes from, or goes to, another place."""
    answer.headers.update(HEADERS)
    return answer


def _lake() -> Path:
    lake: Path = current_app.config["LAKE"]
    return lake


def _page(name: str, **content: Any) -> str:
    shared = {"lake": _lake(), "here": _here, "url_for": url_for, "wording": wording, "quantity": quantity}
    return PAGES[name].render(shared, **content)


def _here(**changes: str | int) -> str:
    """The address of this page with other parameters; those that are "" are left out."""
    parameters = {**(request.view_args or {}), **request.args, **changes}
    return url_for(str(request.endpoint), **{name: value for name, value in parameters.items() if value != ""})


def _drawings(chart: Chart) -> dict[str, str]:
    """The chart as SVG for a desktop and for a phone."""
    with _drawing:
        return {kind: charts.svg(chart, width, "chart") for kind, width in (("wide", WIDE), ("narrow", NARROW))}
