"""The report pages in a lake."""

from pathlib import Path

from pipeline.contracts import keys
from pipeline.run.plan import RUN_ID

PAGE = "report.html"


def find(lake: Path, run_id: str | None = None) -> Path:
    """The page of a run, by default of the last run that has one. Raises `LookupError` if there is none."""
    if run_id is None or RUN_ID.fullmatch(run_id):
        pages = lake.glob(f"*/{keys.report(run_id or '*', PAGE)}")
        if newest := max(pages, key=lambda page: page.stat().st_mtime, default=None):
            return newest.resolve()
    if run_id is None:
        raise LookupError(f"there is no report in {lake} yet: start with `singstat run`")
    raise LookupError(f"run {run_id} has no report in {lake}: only runs that publish something write one")
