"""State WriteReport: draw what readers see anew, compare it with what they saw before, prove it."""

from pipeline.contracts.states import RunReference, WrittenReport
from pipeline.handler import task
from pipeline.steps import run_cost
from pipeline.steps.report import Builder
from pipeline.steps.report_links import link


@task
def handler(run: RunReference) -> WrittenReport:
    return Builder(run.run_id).write(link, run_cost.estimate_run(run.run_id))
