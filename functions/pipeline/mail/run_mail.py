"""The mails about runs: plain text, what happened in two lines, then the links, the cost, and what to do."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal

from pipeline.contracts.base import Contract
from pipeline.contracts.records import DownloadOutcome
from pipeline.contracts.states import EndedExecution
from pipeline.run.history import Execution
from pipeline.run.outcomes import RunOutcomes
from pipeline.run.tally import message
from pipeline.wording import quantity

MAX_SUBJECT = 99  # SNS: fewer than 100 characters
MAX_TABLES = 50
NEXT_STEP = "Next: look at the execution, then redrive it or start a new run"


class Mail(Contract):
    """`runs/<run_id>/mail.json`, kept when it is sent. The subject is ASCII."""

    subject: str
    text: str


class Links(Contract):
    """Where the run's report and its data open, until the end of a day."""

    report: str
    data: str
    until: date


def compose(run_id: str, outcomes: RunOutcomes, cost: Decimal, links: Links | None) -> Mail:
    """What readers see anew and what failed; `cost` is in US dollars, an estimate."""
    published, failed, unchanged = outcomes.news, outcomes.failed, outcomes.downloads.unchanged
    counts = [f"{quantity(len(published), 'table')} published", f"{len(unchanged)} unchanged", f"{len(failed)} failed"]
    lines = [", ".join(counts) + "."]
    if published:
        lines += ["Readers see the new numbers now; Athena counted and summed them as they were downloaded."]
    else:
        lines += ["Readers see what they saw before."]
    if links:
        lines += ["", f"The report, until {links.until:%-d %B %Y}:", links.report, "The numbers (Excel):", links.data]
    lines += ["", f"Cost: about {cost} USD, an estimate at list prices.", *_published(published), *_failed(failed)]
    return _mail(_headline(outcomes), run_id, [*lines, "", f"Run {run_id}"])


def compose_failure(ended: EndedExecution, failure: Execution, cost: Decimal) -> Mail:
    """About a run that did not end well: the state, the cause, and how to go on."""
    state, cause = failure.state or "no state", message(failure.cause) or "none was given"
    region = ended.executionArn.split(":")[3]
    page = f"https://{region}.console.aws.amazon.com/states/home?region={region}#/v2/executions/details"
    lines = [
        f"The run {ended.name} {ended.status} in {state}. Readers see what they saw before.",
        f"{failure.error or ended.status}: {cause}",
        *([] if "Next: " in cause else [NEXT_STEP]),
        "",
        "The execution in the console, with Redrive and New execution:",
        f"{page}/{ended.executionArn}",
        f"Redrive goes on from {state}: aws stepfunctions redrive-execution --execution-arn {ended.executionArn}",
        "New execution starts again with the same input; what is published already is not downloaded twice.",
        "",
        f"Cost: about {cost} USD, an estimate at list prices.",
    ]
    return _mail(f"{ended.status} in {state}", ended.name, lines)


def _headline(outcomes: RunOutcomes) -> str:
    published, failed = len(outcomes.news), len(outcomes.failed)
    if failed:
        return f"{quantity(failed, 'table')} failed, {published or 'none'} published"
    if published:
        return f"{quantity(published, 'table')} published"
    return f"nothing new, {quantity(len(outcomes.downloads.unchanged), 'table')} unchanged"


def _published(tables: Sequence[DownloadOutcome]) -> list[str]:
    told = (f"{table.table_id}, vintage {table.vintage}, {table.observations} values" for table in tables)
    return ["", "Published:", *_first(told)] if tables else []


def _failed(tables: Sequence[DownloadOutcome]) -> list[str]:
    if not tables:
        return []
    again = {"tables": [table.table_id for table in tables[:MAX_TABLES]]}
    step = f"Next: see to the causes, then start a run of these tables: {json.dumps(again)}"
    return ["", "Failed:", *_first(failure_line(table) for table in tables), step]


def _first(lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        if number == MAX_TABLES:
            yield "  and more; runs/<run_id>/tally.json in the data bucket has all"
            return
        yield f"  {line}"


def _mail(headline: str, run_id: str, lines: list[str]) -> Mail:
    return Mail(subject=f"SingStat: {headline} ({run_id})"[:MAX_SUBJECT], text="\n".join([*lines, ""]))


def failure_line(table: DownloadOutcome) -> str:
    """Why a table failed, in a line; a failed Task's message says table, step, cause and next step."""
    return f"{table.table_id}: {table.error.Error}: {table.error.Cause}" if table.error else table.table_id
