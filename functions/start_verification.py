"""State StartVerification: ask Athena what is really staged of this run."""

from pipeline.aws import athena
from pipeline.contracts.states import PollRequest, VerificationStatus
from pipeline.handler import task
from pipeline.run.verification import QUERY


@task
def handler(run: PollRequest) -> VerificationStatus:
    return VerificationStatus(
        run_id=run.run_id,
        query_id=athena.start(QUERY, run.run_id),
        polls=0,
        poll_limit=run.poll_limit,
        status="RUNNING",
    )
