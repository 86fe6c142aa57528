"""The answer to "is it done?", in our words and with an end."""

from pipeline.contracts.states import Progress
from pipeline.errors import PipelineError

STATES: dict[str, Progress] = {
    "STARTING": "RUNNING",
    "QUEUED": "RUNNING",
    "RUNNING": "RUNNING",
    "STOPPING": "RUNNING",
    "SUCCEEDED": "SUCCEEDED",
}


def judge(state: str, reason: str, polls: int, poll_limit: int, failure: type[PipelineError]) -> Progress:
    """RUNNING or SUCCEEDED. Raises `failure` for any other state, and after `poll_limit` polls."""
    progress = STATES.get(state)
    if progress is None:
        raise failure(f"it ended {state}: {reason or 'no reason given'}")
    if progress == "RUNNING" and polls >= poll_limit:
        raise failure(f"still {state} after {polls} polls")
    return progress
