"""The states of Glue, DataBrew and Athena reduced to RUNNING and SUCCEEDED; every wait has a limit."""

from pipeline.contracts.states import Progress
from pipeline.errors import PipelineError

STATES: dict[str, Progress] = {
    "STARTING": "RUNNING",
    "QUEUED": "RUNNING",
    "RUNNING": "RUNNING",
    "STOPPING": "RUNNING",
    "SUCCEEDED": "SUCCEEDED",
}


def progress(state: str, reason: str, polls: int, poll_limit: int, failure: type[PipelineError]) -> Progress:
    """RUNNING or SUCCEEDED. Raises `failure` for any other state, and if still running after `poll_limit` polls."""
    result = STATES.get(state)
    if result is None:
        raise failure(f"it ended {state}: {reason or 'no reason given'}")
    if result == "RUNNING" and polls >= poll_limit:
        raise failure(f"still {state} after {polls} polls")
    return result
