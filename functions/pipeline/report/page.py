"""The report as one HTML file."""

import base64
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipeline.report import content, wording
from pipeline.report.content import Report
from pipeline.report.revisions import difference

PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
PAGES.globals.update(wording=wording, revision_difference=difference, limits=content)
SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
HASH = "SCRIPT-HASH"


def page(report: Report, links: Mapping[str, str]) -> bytes:
    """The page; `links` are URLs of the files beside it, by name, for who opens it from elsewhere."""
    text = PAGES.get_template("page.html").render(report=report, links=links, svg=Markup)
    scripts = SCRIPT.findall(text)
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode() if scripts else ""
    return text.replace(HASH, digest, 1).encode()
