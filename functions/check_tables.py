"""State CheckTables: ask SingStat for the vintage of each published table of a batch, one request a table."""

from pipeline.contracts.states import CheckedTables, CheckRequest
from pipeline.handler import task
from pipeline.steps.check import check
from pipeline.steps.fetch import connect

source = connect()


@task
def handler(request: CheckRequest) -> CheckedTables:
    changed = check(source, request)
    return CheckedTables(tables=changed, unchanged=len(request.tables) - len(changed))
