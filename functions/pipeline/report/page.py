"""The report as one HTML file."""

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path

from pipeline.rendering import templates
from pipeline.report import charts, wording
from pipeline.report.content import Report
from pipeline.report.revisions import difference
from pipeline.wording import quantity

# On a local disk the files are next to the page; elsewhere the links are absolute.
SCRIPT = (
    'if (location.protocol === "file:") '
    'for (const a of document.querySelectorAll("a[data-file]")) a.href = a.dataset.file'
)
SCRIPT_HASH = f"sha256-{base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()}"
PAGE = templates.load(Path(__file__).with_name("page.html"))
PAGE.globals.update(
    quantity=quantity,
    wording=wording,
    difference=difference,
    widths={"wide": charts.WIDE, "narrow": charts.NARROW},
    chart_svg=charts.svg,
    script=SCRIPT,
    script_hash=SCRIPT_HASH,
)


def page(report: Report, links: Mapping[str, str]) -> bytes:
    """The page in UTF-8; `links` are the URLs of the report's files by name."""
    return PAGE.render(report=report, links=links).encode()
