"""State Notify: mail what readers see anew and what failed; the run goes on to its end even if this fails."""

import os

from pipeline import keys, lake, outcomes, post, report_links
from pipeline.costs import measure
from pipeline.events import Outcomes, RunReference
from pipeline.mail import Links, compose
from pipeline.task import task

NOTIFY_UNCHANGED = os.environ["NOTIFY_UNCHANGED"] == "true"


@task
def handler(run: RunReference) -> RunReference:
    told = outcomes.of_run(run.run_id)
    cost = measure.keep(run.run_id)
    if told.news or told.failed or NOTIFY_UNCHANGED:
        mail = compose(run.run_id, told, cost.usd, links_of(run.run_id, told))
        post.send(mail)
        lake.write(keys.run(run.run_id, "mail"), mail)
    return run


def links_of(run_id: str, told: Outcomes) -> Links | None:
    """Where the report opens, if the run has one."""
    if not told.news:
        return None
    report, data = (report_links.link(keys.report(run_id, name)) for name in ("report.html", "data.xlsx"))
    return Links(report=report, data=data, until=report_links.until())
