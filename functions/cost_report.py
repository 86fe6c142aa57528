"""Trigger, daily: what the application costs by the bill, and our estimates beside it."""

import os
from datetime import UTC, datetime

from pipeline import keys, post, report_links, reports
from pipeline.costs import bars, explorer, kept
from pipeline.costs.bill import first_day, window
from pipeline.costs.mail import compose
from pipeline.costs.page import page
from pipeline.costs.summary import summarise, table
from pipeline.events import CostReportRequest, WrittenCostReport
from pipeline.task import task


@task
def handler(request: CostReportRequest) -> WrittenCostReport:
    day = datetime.fromisoformat(request.at).astimezone(UTC).date()
    bill = explorer.ask(first_day(day), day)
    summary = summarise(day, os.environ["APPLICATION"], bill, kept.of_days(window(day)))
    reports.write(keys.cost_report(day, "costs.csv"), table(summary), "text/csv; charset=utf-8")
    if summary.charted:
        reports.write(keys.cost_report(day, "costs.png"), bars.png(summary), "image/png")
    key = keys.cost_report(day, "report.html")
    reports.write(key, page(summary), "text/html; charset=utf-8")
    post.send(compose(summary, report_links.link(key)))
    return WrittenCostReport(key=key, notice=bill.notice)
