"""The report as one HTML file."""

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path

from pipeline.rendering import templates
from pipeline.report import content, wording
from pipeline.report.content import Report
from pipeline.report.revisions import difference
from pipeline.wording import quantity

# From the disk, the files lie beside the page; from elsewhere they are links.
SCRIPT = (
    'if (location.protocol === "file:") '
    'for (const a of document.querySelectorAll("a[data-file]")) a.href = a.dataset.file'
)
SCRIPT_HASH = f"sha256-{base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()}"
PAGE = templates.load(Path(__file__).with_name("page.html"))
PAGE.globals.update(
    quantity=quantity,
    wording=wording,
    revision_difference=difference,
    limits=content,
    script=SCRIPT,
    script_hash=SCRIPT_HASH,
)


def page(report: Report, links: Mapping[str, str]) -> bytes:
    """The page; `links` are URLs of the files beside it, by name, for who opens it from elsewhere."""
    return PAGE.render(report=report, links=links).encode()
