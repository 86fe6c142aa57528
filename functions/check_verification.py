"""State CheckVerification: poll Athena's query and compare its result with the manifests."""

import msgspec
from msgspec.structs import replace
from pipeline.aws import athena, data_bucket
from pipeline.contracts import keys
from pipeline.contracts.records import Tally
from pipeline.contracts.states import VerificationStatus
from pipeline.errors import VerificationFailed
from pipeline.handler import task
from pipeline.run.polling import progress
from pipeline.run.verification import Measured, verify
from pipeline.steps.outcomes import load_manifests


@task
def handler(check: VerificationStatus) -> VerificationStatus:
    """Raises `VerificationFailed` if the query failed or timed out, or if any figure differs."""
    check = replace(check, polls=check.polls + 1)
    state, reason, scanned = athena.state(check.query_id)
    status = progress(state, reason, check.polls, check.poll_limit, VerificationFailed)
    if status == "SUCCEEDED":
        tally = data_bucket.read(keys.run(check.run_id, "tally"), Tally)
        measured = [Measured(*row) for row in athena.rows(check.query_id)]
        data_bucket.write(keys.run(check.run_id, "measured"), msgspec.json.encode(measured))
        verify(load_manifests(check.run_id, tally), {row.table_id: row for row in measured})
    return replace(check, status=status, scanned_bytes=scanned)
