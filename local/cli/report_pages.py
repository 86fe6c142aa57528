"""The report pages in a lake."""

from pathlib import Path

from pipeline.contracts import keys
from pipeline.run.plan import RUN_ID

from local.cli.names import did_you_mean

PAGE = "report.html"


def find(lake: Path, run_id: str | None = None) -> Path:
    """The page of a run, by default of the last run that has one. Raises `LookupError` if there is none."""
    if run_id is None or RUN_ID.fullmatch(run_id):
        pages = lake.glob(f"*/{keys.report(run_id or '*', PAGE)}")
        if newest := max(pages, key=lambda page: page.stat().st_mtime, default=None):
            return newest.resolve()
    if run_id is None:
        raise LookupError(f"there is no report in {lake} yet: start with `singstat run`")
    with_page = [page.parent.name for page in lake.glob(f"*/{keys.report('*', PAGE)}")]
    advice = did_you_mean(run_id, with_page) or ": only runs that publish something write one"
    raise LookupError(f"run {run_id} has no report in {lake}{advice}")
