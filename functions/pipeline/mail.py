"""The mail about a run."""

from pipeline.events import DownloadOutcome, EndedExecution, Execution, PublishOutcome, Tally
from pipeline.tally import message

NEXT_STEP = "Next: look at the execution, then redrive it or start a new run; readers see what they saw before"
MAX_SUBJECT = 99  # SNS: fewer than 100 characters


def compose(run_id: str, tally: Tally, outcome: PublishOutcome) -> tuple[str, str]:
    """Subject and text: what readers see anew, what failed and why."""
    failed = [*tally.failed, *outcome.failed]
    subject = f"SingStat: {len(outcome.published)} published, {len(failed)} failed ({run_id})"
    new = {table.table_id: table for table in tally.stored}
    lines = [
        f"Run {run_id}",
        f"Published ({len(outcome.published)}):",
        *(f"  {name}, vintage {new[name].vintage}, {new[name].observations} values" for name in outcome.published),
        f"Unchanged: {len(tally.unchanged)}",
        f"Failed ({len(failed)}):",
        *(f"  {why(table)}" for table in failed),
    ]
    return subject[:MAX_SUBJECT], "\n".join(lines)


def compose_failure(ended: EndedExecution, failure: Execution) -> tuple[str, str]:
    """Subject and text about a run that did not end well: the state, the cause, the next step."""
    cause = message(failure.cause) or "none was given"
    lines = [
        f"Run {ended.name} {ended.status} in {failure.state or 'no state'}",
        f"{failure.error or ended.status}: {cause}",
        *([] if "Next: " in cause else [NEXT_STEP]),
        f"Execution {ended.executionArn}",
    ]
    return f"SingStat: {ended.status} in {failure.state or 'no state'} ({ended.name})"[:MAX_SUBJECT], "\n".join(lines)


def why(table: DownloadOutcome) -> str:
    """Why a table failed, in a line; a failed Task's message says table, step, cause and next step."""
    return f"{table.table_id}: {table.error.Error}: {table.error.Cause}" if table.error else table.table_id
