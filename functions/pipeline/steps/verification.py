"""Decide on the tables of a query that has ended: docs/decisions/0016."""

from msgspec.structs import replace

from pipeline.aws import athena, data_bucket, step_functions
from pipeline.contracts import keys
from pipeline.contracts.records import DownloadOutcome, Tally
from pipeline.contracts.states import VerificationStatus
from pipeline.errors import QueriesFailed, VerificationFailed
from pipeline.run.verification import Verification, divide, read_row, scopes, verify, within
from pipeline.table.manifest import Manifest


def settle(check: VerificationStatus, state: str, reason: str, most_cells: int) -> VerificationStatus:
    """Record which tables of the query are verified; if it failed, divide them, or record that its only table failed.

    Idempotent. Raises `QueriesFailed` if no query succeeded, down to those over one table; if the execution has been
    redriven since the first, they all start again, over at most so many cells each.
    """
    key = keys.run(check.run_id, "verified")
    known = Verification() if check.queries == 1 else data_bucket.read(key, Verification)
    scope, *left = check.scopes
    stored = data_bucket.read(keys.run(check.run_id, "tally"), Tally).stored
    tables = within(stored, scope)
    if state == "SUCCEEDED":
        check = replace(check, answered=check.answered + 1)
        _compare(check, tables, known)
    elif halves := divide([table.table_id for table in tables], check.queries - check.answered):
        left = [*halves, *left]
    else:
        for table in tables:
            known.failed[table.table_id] = _failed(table, VerificationFailed(_refusal(state, reason)))
    data_bucket.write(key, known)
    if not left and not check.answered:
        if (redrives := step_functions.redrives(check.run_id)) > check.redrives:
            again = scopes(stored, most_cells)
            return VerificationStatus(run_id=check.run_id, poll_limit=check.poll_limit, scopes=again, redrives=redrives)
        raise QueriesFailed(f"Athena failed each of {check.queries} queries; the last: {_refusal(state, reason)}")
    return replace(check, scopes=left, status="PENDING" if left else "SUCCEEDED")


def _compare(check: VerificationStatus, tables: list[DownloadOutcome], known: Verification) -> None:
    rows = (read_row(row, check.query_id) for row in athena.rows(check.query_id))
    known.measured |= {row.table_id: row for row in rows}
    manifests = (keys.manifest(str(table.frequency), table.table_id, check.run_id) for table in tables)
    for table, manifest in zip(tables, data_bucket.read_all(manifests, Manifest), strict=True):
        try:
            verify(manifest, known.measured.get(table.table_id))
        except VerificationFailed as error:
            known.failed[table.table_id] = _failed(table, error)


def _failed(table: DownloadOutcome, error: VerificationFailed) -> DownloadOutcome:
    failure = error.failure("CheckVerification", table.table_id)
    return DownloadOutcome(table_id=table.table_id, status="failed", frequency=table.frequency, error=failure)


def _refusal(state: str, reason: str) -> str:
    return f"its query ended {state}: {reason or 'no reason given'}"
