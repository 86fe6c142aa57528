"""State StartVerification: start Athena's query on the staged data of the run."""

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
