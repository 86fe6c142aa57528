"""The report as HTML: one file, or one for each table and one that lists them."""

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from jinja2 import Template

from pipeline.rendering import templates
from pipeline.report import charts, wording
from pipeline.report.content import MAX_FAILURES, Report, TableReport
from pipeline.report.revisions import difference
from pipeline.wording import quantity

# On a local disk the files are next to the page; elsewhere the links are absolute. On a phone tables are folded.
SCRIPT = (
    'if (location.protocol === "file:") '
    'for (const a of document.querySelectorAll("a[data-file]")) a.href = a.dataset.file;'
    'if (matchMedia("screen and (max-width: 40rem)").matches) '
    'for (const each of document.querySelectorAll("section.table details")) each.open = false'
)
SCRIPT_HASH = f"sha256-{base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()}"


def page(report: Report, links: Mapping[str, str]) -> bytes:
    """The page in UTF-8; `links` are the URLs of the report's files by name."""
    return _template("page").render(report=report, run_id=report.run_id, links=links).encode()


def table_page(run_id: str, table: TableReport, links: Mapping[str, str]) -> bytes:
    """The page of one table of the run's report, in UTF-8."""
    return _template("table_page").render(run_id=run_id, table=table, links=links).encode()


@cache
def _template(name: str) -> Template:
    template = templates.load(Path(__file__).with_name(f"{name}.html"))
    template.globals.update(
        quantity=quantity,
        wording=wording,
        difference=difference,
        widths={"wide": charts.WIDE, "narrow": charts.NARROW},
        chart_svg=charts.svg,
        chart_spark=charts.spark,
        max_failures=MAX_FAILURES,
        script=SCRIPT,
        script_hash=SCRIPT_HASH,
    )
    return template
