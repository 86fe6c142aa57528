"""State CheckVerification: say RUNNING or SUCCEEDED; Athena's numbers must equal the manifests."""

import msgspec
from msgspec.structs import replace
from pipeline import athena, keys, lake
from pipeline.errors import VerificationFailed
from pipeline.events import Tally, VerificationStatus
from pipeline.manifest import Manifest
from pipeline.poll import judge
from pipeline.task import task
from pipeline.verification import Measured, verify


@task
def handler(check: VerificationStatus) -> VerificationStatus:
    check = replace(check, polls=check.polls + 1)
    state, reason, scanned = athena.state(check.query_id)
    status = judge(state, reason, check.polls, check.poll_limit, VerificationFailed)
    if status == "SUCCEEDED":
        tally = lake.read(keys.run(check.run_id, "tally"), Tally)
        manifests = [
            lake.read(keys.manifest(str(table.frequency), table.table_id, check.run_id), Manifest)
            for table in tally.stored
        ]
        measured = [Measured(*row) for row in athena.rows(check.query_id)]
        lake.write(keys.run(check.run_id, "measured"), msgspec.json.encode(measured))
        verify(manifests, {row.table_id: row for row in measured})
    return replace(check, status=status, scanned_bytes=scanned)
