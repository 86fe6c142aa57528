"""The cost report as one HTML file, in the style of the run report."""

import base64
from pathlib import Path

from pipeline.billing import bars, wording
from pipeline.billing.summary import Summary, table
from pipeline.rendering import templates


def page(summary: Summary) -> bytes:
    """The page in UTF-8, with a chart if anything was billed, and all figures embedded as CSV."""
    charts = {}
    if summary.charted:
        charts = {"wide": bars.svg(summary, bars.WIDE, "wide-"), "narrow": bars.svg(summary, bars.NARROW, "narrow-")}
    csv = base64.b64encode(table(summary)).decode()
    template = templates.load(Path(__file__).with_name("page.html"))
    return template.render(summary=summary, wording=wording, charts=charts, csv=csv).encode()
