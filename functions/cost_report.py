"""Daily schedule: report the billed costs of the application and the estimated costs of its runs."""

import os
from datetime import UTC, datetime

from pipeline.aws import cost_explorer, results_bucket, sns
from pipeline.billing import bars
from pipeline.billing.bill import first_day, window
from pipeline.billing.mail import compose
from pipeline.billing.page import page
from pipeline.billing.summary import summarise, table
from pipeline.contracts import keys
from pipeline.contracts.states import CostReportRequest, WrittenCostReport
from pipeline.handler import task
from pipeline.steps import cost_records, report_links


@task
def handler(request: CostReportRequest) -> WrittenCostReport:
    day = datetime.fromisoformat(request.at).astimezone(UTC).date()
    bill = cost_explorer.get_bill(first_day(day), day)
    summary = summarise(day, os.environ["APPLICATION"], bill, cost_records.records_of_days(window(day)))
    results_bucket.write(keys.cost_report(day, "costs.csv"), table(summary), "text/csv; charset=utf-8")
    if summary.charted:
        results_bucket.write(keys.cost_report(day, "costs.png"), bars.png(summary), "image/png")
    key = keys.cost_report(day, "report.html")
    results_bucket.write(key, page(summary), "text/html; charset=utf-8")
    sns.send(compose(summary, report_links.link(key)))
    return WrittenCostReport(key=key, notice=bill.notice)
