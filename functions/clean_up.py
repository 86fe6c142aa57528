"""State CleanUp: remove staged rows of earlier runs that nobody needs any more. The run continues if this fails."""

from datetime import UTC, datetime

from pipeline.contracts.states import CleanedUp, RunReference
from pipeline.handler import task
from pipeline.steps.clean_up import clean_up


@task
def handler(_: RunReference) -> CleanedUp:
    return CleanedUp(files=clean_up(datetime.now(UTC)))
