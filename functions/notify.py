"""State Notify: mail what readers see anew and what failed; the run goes on to its end even if this fails."""

import os

from pipeline.aws import data_bucket, sns
from pipeline.contracts import keys
from pipeline.contracts.states import RunReference
from pipeline.handler import task
from pipeline.mail.run_mail import Links, compose
from pipeline.run.outcomes import RunOutcomes
from pipeline.steps import outcomes, report_links, run_cost

NOTIFY_UNCHANGED = os.environ["NOTIFY_UNCHANGED"] == "true"


@task
def handler(run: RunReference) -> RunReference:
    told = outcomes.load_outcomes(run.run_id)
    cost = run_cost.record_run(run.run_id)
    if told.news or told.failed or NOTIFY_UNCHANGED:
        mail = compose(run.run_id, told, cost.usd, links_of(run.run_id, told))
        sns.send(mail)
        data_bucket.write(keys.run(run.run_id, "mail"), mail)
    return run


def links_of(run_id: str, told: RunOutcomes) -> Links | None:
    """Where the report opens, if the run has one."""
    if not told.news:
        return None
    report, data = (report_links.link(keys.report(run_id, name)) for name in ("report.html", "data.xlsx"))
    return Links(report=report, data=data, until=report_links.expiry_date())
