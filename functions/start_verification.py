"""State StartVerification: start Athena's query on the staged data of the run, or of those tables not yet verified."""

from msgspec.structs import replace
from pipeline.aws import athena
from pipeline.contracts.states import VerificationStatus
from pipeline.handler import task
from pipeline.run.verification import QUERY


@task
def handler(check: VerificationStatus) -> VerificationStatus:
    scope = check.scopes[0]
    query_id = athena.start(QUERY, (check.run_id, scope.first, scope.last), check.redrives)
    return replace(check, query_id=query_id, queries=check.queries + 1, polls=0, status="RUNNING")
