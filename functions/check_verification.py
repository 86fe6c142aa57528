"""State CheckVerification: poll Athena's query and, once it has ended, decide which of its tables are verified."""

import os

from msgspec.structs import replace
from pipeline.aws import athena
from pipeline.contracts.states import VerificationStatus
from pipeline.errors import VerificationFailed
from pipeline.handler import task
from pipeline.run.polling import STATES, progress
from pipeline.steps.verification import settle

VERIFICATION_CELLS = int(os.environ["VERIFICATION_CELLS"])


@task
def handler(check: VerificationStatus) -> VerificationStatus:
    """Raises `QueriesFailed` if no query succeeded, `VerificationFailed` if one still runs after the last poll."""
    state, reason, scanned = athena.state(check.query_id)
    check = replace(check, polls=check.polls + 1, scanned_bytes=scanned)
    if STATES.get(state) == "RUNNING":
        return replace(check, status=progress(state, reason, check.polls, check.poll_limit, VerificationFailed))
    return settle(check, state, reason, VERIFICATION_CELLS)
