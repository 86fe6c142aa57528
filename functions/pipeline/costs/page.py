"""The daily report as one HTML file, in the style of the report of a run."""

import base64
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipeline.costs import bars, wording
from pipeline.costs.summary import Summary, table

HERE = Path(__file__).parent
PAGES = Environment(
    loader=FileSystemLoader([HERE, HERE.parent / "report"]),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(summary: Summary) -> bytes:
    """The page, with the chart if anything was billed, and all figures as CSV within it."""
    charts = {}
    if summary.charted:
        charts = {"wide": bars.svg(summary, bars.DESK, "wide-"), "narrow": bars.svg(summary, bars.TELEPHONE, "narrow-")}
    csv = base64.b64encode(table(summary)).decode()
    text = PAGES.get_template("page.html").render(summary=summary, wording=wording, charts=charts, svg=Markup, csv=csv)
    return text.encode()
