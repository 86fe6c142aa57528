"""The mails about runs, as plain text: two lines of summary, then links, cost and next steps."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal

from pipeline.contracts.base import Contract
from pipeline.contracts.records import DownloadOutcome
from pipeline.contracts.states import EndedExecution
from pipeline.errors import NEXT_STEPS, Failure, InputInvalid, SomeTablesFailed, SourceDown, UnknownStatus
from pipeline.run.history import Execution
from pipeline.run.outcomes import RunOutcomes
from pipeline.wording import quantity

MAX_SUBJECT = 99  # SNS: fewer than 100 characters
MAX_TABLES = 50
RUNBOOK = "docs/runbook.md"
UNCHANGED = "The published data is unchanged."
UNDER_WAY = "Publication was under way: readers see each table either as before or new, never in part."
FAIL_STATES = [error.__name__ for error in (SomeTablesFailed, UnknownStatus)]  # cannot be redriven


class Mail(Contract):
    """`runs/<run_id>/mail.json`, written when the mail is sent. The subject is ASCII, as SNS requires."""

    subject: str
    text: str


class Links(Contract):
    """The URLs of the run's report and workbook, and the last day (UTC) on which they open."""

    report: str
    data: str
    until: date


def compose(run_id: str, outcomes: RunOutcomes, cost: Decimal, report: Links | None) -> Mail:
    """The mail about newly published and failed tables, with links to their report.

    `cost` is an estimate in USD.
    """
    published, failed, unchanged = outcomes.newly_published, outcomes.failed, outcomes.downloads.unchanged
    counts = [f"{quantity(len(published), 'table')} published", f"{len(unchanged)} unchanged", f"{len(failed)} failed"]
    lines = [", ".join(counts) + "."]
    lines += ["Readers see the new data now; Athena's figures match the download."] if published else [UNCHANGED]
    if report:
        lines += ["", f"The report, until {report.until:%-d %B %Y}:", report.report, "The data (Excel):", report.data]
    lines += ["", f"Cost: about {cost} USD, an estimate at list prices.", *_published(published), *_failed(failed)]
    return _mail(_headline(outcomes), run_id, [*lines, "", f"Run {run_id}"])


def compose_failure(ended: EndedExecution, run: Execution, cost: Decimal, outcomes: RunOutcomes) -> Mail:
    """The mail about a run that failed, timed out or was aborted: state, cause, what readers see and how to go on."""
    state, failure = run.state or "no state", run.failure or Failure(error=ended.status)
    region = ended.executionArn.split(":")[3]
    page = f"https://{region}.console.aws.amazon.com/states/home?region={region}#/v2/executions/details"
    lines = [
        f"Run {ended.name}: {ended.status} in {state}. {_readers(run, outcomes)}",
        f"{failure.error}: {failure.sentence}",
        f"More: {_runbook(failure.error)}",
        "",
        "The execution in the console:",
        f"{page}/{ended.executionArn}",
        *_again(ended, run, failure),
        "",
        f"Cost: about {cost} USD, an estimate at list prices.",
        *_published(outcomes.newly_published),
        *_failed(outcomes.failed),
    ]
    published = f"{quantity(len(outcomes.newly_published), 'table')} published, " if outcomes.newly_published else ""
    return _mail(f"{published}{ended.status} in {state}", ended.name, lines)


def _readers(run: Execution, outcomes: RunOutcomes) -> str:
    """What readers see, from the record of PublishTables."""
    if published := outcomes.newly_published:
        return f"{quantity(len(published), 'table')} published: readers see the new data."
    begun = run.state in ("PublishTables", "RestoreEdition") and outcomes.published is None
    return UNDER_WAY if begun else UNCHANGED


def _runbook(error: str) -> str:
    """The heading about an error, in the repository that was deployed."""
    return f"{RUNBOOK}#{error.lower() if error in NEXT_STEPS else 'other-names'}"


def _again(ended: EndedExecution, run: Execution, failure: Failure) -> list[str]:
    """How to redrive the run, unless that would fail again at once."""
    if run.state in FAIL_STATES or failure.error == InputInvalid.__name__:
        return []
    return [
        f"Redrive resumes at {run.state}: aws stepfunctions redrive-execution --execution-arn {ended.executionArn}",
        "New execution starts over with the same input.",
    ]


def _headline(outcomes: RunOutcomes) -> str:
    published, failed = len(outcomes.newly_published), len(outcomes.failed)
    if failed:
        return f"{quantity(failed, 'table')} failed, {published or 'none'} published"
    if published:
        return f"{quantity(published, 'table')} published"
    return f"nothing new, {quantity(len(outcomes.downloads.unchanged), 'table')} unchanged"


def _published(tables: Sequence[DownloadOutcome]) -> list[str]:
    lines = (f"{table.table_id}, vintage {table.vintage}, {table.observations} values" for table in tables)
    return ["", "Published:", *_first(lines)] if tables else []


def _failed(tables: Sequence[DownloadOutcome]) -> list[str]:
    if not tables:
        return []
    again = {"tables": [table.table_id for table in tables[:MAX_TABLES]]}
    step = f"Next: address the causes, then start a run of these tables: {json.dumps(again)}"
    down = [table for table in tables if table.failure.error == SourceDown.__name__]
    lines = [
        f"{table.failure.error}: {table.failure.sentence}"
        for table in tables
        if table.failure.error != SourceDown.__name__
    ]
    if down:
        lines.insert(0, f"{SourceDown.__name__}: {quantity(len(down), 'table')}, the first {down[0].failure.sentence}")
    return ["", "Failed:", *_first(lines), step, *_runbooks(tables)]


def _runbooks(tables: Sequence[DownloadOutcome]) -> list[str]:
    """The heading about each error, once."""
    return [f"More: {each}" for each in dict.fromkeys(_runbook(table.failure.error) for table in tables)]


def _first(lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        if number == MAX_TABLES:
            yield "  and more; runs/<run_id>/tally.json in the data bucket lists them all"
            return
        yield f"  {line}"


def _mail(headline: str, run_id: str, lines: list[str]) -> Mail:
    return Mail(subject=f"SingStat: {headline} ({run_id})"[:MAX_SUBJECT], text="\n".join([*lines, ""]))
