"""State Notify: mail the newly published and the failed tables. The run continues if this fails."""

import os

from pipeline.aws import data_bucket, sns
from pipeline.contracts import keys
from pipeline.contracts.states import RunReference
from pipeline.handler import task
from pipeline.mail.run_mail import Links, compose
from pipeline.steps import outcomes, report_links, run_cost

NOTIFY_UNCHANGED = os.environ["NOTIFY_UNCHANGED"] == "true"


@task
def handler(run: RunReference) -> RunReference:
    tables = outcomes.load_outcomes(run.run_id)
    cost = run_cost.record_run(run.run_id)
    if tables.newly_published or tables.failed or NOTIFY_UNCHANGED:
        mail = compose(run.run_id, tables, cost.usd, links(run.run_id) if tables.newly_published else None)
        sns.send(mail)
        data_bucket.write(keys.run(run.run_id, "mail"), mail)
    return run


def links(run_id: str) -> Links:
    """Links to the run's report and workbook."""
    report, data = (report_links.link(keys.report(run_id, name)) for name in ("report.html", "data.xlsx"))
    return Links(report=report, data=data, until=report_links.expiry_date())
