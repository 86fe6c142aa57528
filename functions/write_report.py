"""State WriteReport: report on the newly published tables, compared with their previous vintages."""

from pipeline.contracts.states import RunReference, WrittenReport
from pipeline.handler import task
from pipeline.steps import report, run_cost
from pipeline.steps.report_links import link


@task
def handler(run: RunReference) -> WrittenReport:
    """Raises a `SourceError` for an unreadable page: `SourceContract`, `SourceInconsistent`, `SourceMalformed`,
    `SourceUnavailable` or `TableNotFound`.
    """
    return report.write(run.run_id, link, run_cost.estimate_run(run.run_id))
