"""The daily report as one HTML file, in the style of the report of a run."""

import base64
from pathlib import Path

from pipeline import html
from pipeline.costs import bars, wording
from pipeline.costs.summary import Summary, table

HERE = Path(__file__).parent
PAGE = html.templates(HERE, HERE.parent / "report").get_template("page.html")


def page(summary: Summary) -> bytes:
    """The page, with the chart if anything was billed, and all figures as CSV within it."""
    charts = {}
    if summary.charted:
        charts = {"wide": bars.svg(summary, bars.DESK, "wide-"), "narrow": bars.svg(summary, bars.TELEPHONE, "narrow-")}
    csv = base64.b64encode(table(summary)).decode()
    return PAGE.render(summary=summary, wording=wording, charts=charts, csv=csv).encode()
