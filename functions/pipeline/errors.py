"""Every named error. The class name is what the state machine, the mails and the alarms show.

PipelineError
├── InputInvalid            the request, rejected before any download
│   └── WrongFrequency      the table has a different frequency from the one requested
├── SourceError             SingStat
│   ├── SourceUnavailable   no response, 5xx, 408 or 425, after retries
│   │   ├── SourceThrottled 429, after retries
│   │   ├── SourceDown      20 tables in a row were unavailable: the run asks for no more
│   │   └── SourceTimeout   an answer that was not complete in time, twice
│   ├── SourceRefused       any other 4xx: the request is invalid or not allowed
│   ├── TableNotFound       404: unknown or retired
│   ├── SourceMalformed     not JSON in UTF-8, truncated, too large, or with a key twice
│   ├── SourceContract      JSON of an unknown shape, a text too long, or a date that cannot be
│   ├── SourceIncomplete    fewer or more cells than the total, or no proof that all have arrived
│   ├── SourceInconsistent  two editions or tables in one download, or two values for one cell
│   ├── ImplausibleChange   most of the published cells gone, or every value changed
│   ├── CatalogueShrunk     more than a tenth of the tables listed before are gone
│   ├── EditionWithdrawn    the vintage was withdrawn by a rollback
│   └── StaleVintage        older than the published vintage
├── WorkerError             the EC2 instance of a large table
│   ├── NoCapacity          AWS has no capacity for any of the instance types
│   ├── WorkerLost          no heartbeat
│   └── SpotInterrupted     AWS reclaimed the instance, or it was shut down
├── BatchFailed             a batch of downloads failed by a defect
├── TransformFailed         DataBrew
│   └── TransformLost       the job is gone: a redriven run makes it again
├── CatalogueBusy           the crawler is in use by another run
├── CatalogueFailed         the crawler, or a schema that differs from the declared one
├── VerificationFailed      Athena, or figures that differ from the manifest
│   └── QueriesFailed       Athena failed every query: no table's fault
├── PublishConflict         another run published the table in the meantime
├── ServiceFailed           an AWS service refused a call, or did not answer
├── Unexpected              any other exception: a defect of this application
├── SomeTablesFailed        a Fail state: the other tables are published
└── UnknownStatus           a Fail state: a check returned neither RUNNING nor SUCCEEDED
"""

from collections.abc import Iterator
from typing import Self

import msgspec
from msgspec import Struct

DEFAULT_NEXT_STEP = "look at the execution, then redrive it or start a new run"


class Failure(Struct, rename="pascal", forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Why a step or a table failed, in the fields of a Step Functions `Catch` (`Error`, `Cause`) and our own.

    As compact JSON it is the message of a located error, so the fields survive Lambda and Step Functions.
    """

    error: str
    cause: str = ""
    step: str = ""
    table_id: str = ""
    next_step: str = DEFAULT_NEXT_STEP

    @property
    def sentence(self) -> str:
        """For people: `M212161 DownloadTable: <cause>. Next: <next step>`."""
        location = " ".join(filter(None, (self.table_id, self.step)))
        return f"{location}{': ' if location else ''}{self.cause or 'no cause given'}. Next: {self.next_step}"

    @property
    def is_ours(self) -> bool:
        """Whether its cause is in this application's words, not in AWS's or Python's."""
        return self.error in NEXT_STEPS.keys() - {ServiceFailed.__name__, Unexpected.__name__}


class _LambdaError(Struct):
    """The error object of a Lambda invocation, as far as it is used."""

    message: str = msgspec.field(name="errorMessage")


class PipelineError(Exception):
    """A named failure: what happened (`cause`) and what a person does about it (`next_step`)."""

    next_step = DEFAULT_NEXT_STEP

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause

    def failure(self, step: str, table_id: str = "") -> Failure:
        """This error at a step, for one table or for the run."""
        name = type(self).__name__
        return Failure(error=name, cause=self.cause, step=step, table_id=table_id, next_step=self.next_step)

    def at(self, step: str, table_id: str = "") -> Self:
        """The same error with its `Failure` as JSON for a message; `read_failure` reads it back."""
        located = type(self)(self.cause)
        located.args = (msgspec.json.encode(self.failure(step, table_id)).decode(),)
        return located


def read_failure(error: str, cause: str) -> Failure:
    """The failure in the `Error` and `Cause` of a failed task or execution.

    `cause` is Lambda's JSON with a located error in it, or plain text (a timeout, AWS, a Fail state). Plain text is
    the cause; the next step is then the one of the error's name, or the default.
    """
    try:
        message = msgspec.json.decode(cause, type=_LambdaError).message
    except msgspec.DecodeError:
        message = cause
    try:
        return msgspec.json.decode(message, type=Failure)
    except msgspec.DecodeError:
        return Failure(error=error, cause=message, next_step=NEXT_STEPS.get(error, DEFAULT_NEXT_STEP))


class InputInvalid(PipelineError):
    next_step = "correct the request and start a new run"


class WrongFrequency(InputInvalid):
    next_step = "request the table with its own frequency, or with none"


class SourceError(PipelineError):
    next_step = "run the table again later"


class SourceUnavailable(SourceError):
    next_step = "run the table again once SingStat responds; maintenance can take hours"


class SourceThrottled(SourceUnavailable):
    next_step = "run the table again later, with fewer tables at a time"


class SourceDown(SourceUnavailable):
    next_step = "run the failed tables again once SingStat responds; maintenance can take hours"


class SourceTimeout(SourceUnavailable):
    next_step = "run the table again once SingStat responds at its usual speed"


class SourceRefused(SourceError):
    next_step = "compare the request with SingStat's developer guide"


class TableNotFound(SourceError):
    next_step = "look for its successor with `singstat search` and list that instead"


class SourceMalformed(SourceError):
    next_step = "run the table again later; if it fails again, inspect the stored response"


class SourceContract(SourceError):
    next_step = "inspect the stored response: SingStat may have changed its format"


class SourceIncomplete(SourceError):
    next_step = "run the table again; nothing from this download was published"


class SourceInconsistent(SourceError):
    next_step = "run the table again later; if it fails again, SingStat's data contradict each other"


class ImplausibleChange(SourceError):
    next_step = (
        "compare the table with SingStat's website; if it is right, run the table again with accept to publish it"
    )


class EditionWithdrawn(SourceError):
    next_step = "wait for a newer vintage, or run the table again with accept to publish this one"


class CatalogueShrunk(SourceError):
    next_step = "refresh it again later; if SingStat has really retired so many, with `accept`"


class StaleVintage(SourceError):
    next_step = "nothing to do: the newer vintage stays published"


class WorkerError(PipelineError):
    next_step = "redrive the run: it resumes from the last checkpoint"


class NoCapacity(WorkerError):
    next_step = "redrive the run later, or deploy with other instance types"


class WorkerLost(WorkerError):
    next_step = "read the worker's log, then redrive the run: it resumes from the last checkpoint"


class SpotInterrupted(WorkerError):
    """The instance is about to stop; a new one resumes from the checkpoint."""


class BatchFailed(PipelineError):
    next_step = "read why in the failed execution of the run's Map Run, then run the table again"


class TransformFailed(PipelineError):
    next_step = "read the DataBrew job's log, then start a new run"


class TransformLost(TransformFailed):
    next_step = "nothing to do: the run makes the job again"


class CatalogueBusy(PipelineError):
    next_step = "wait for the other run's crawl to finish, then redrive the run"


class CatalogueFailed(PipelineError):
    next_step = "compare the crawler's table with pipeline/table/schema.py, then start a new run"


class VerificationFailed(PipelineError):
    next_step = "run the table again; if it fails again, compare its staged rows with its stored pages"


class QueriesFailed(VerificationFailed):
    next_step = "redrive the run once Athena answers: its queries start again"


class PublishConflict(PipelineError):
    next_step = "nothing to do: the other run's vintage stays published"


class ServiceFailed(PipelineError):
    next_step = "grant or free what the service names, then redrive the run"


class Unexpected(PipelineError):
    next_step = "read the function's log and report the defect"


class SomeTablesFailed(PipelineError):
    next_step = "read why in runs/<run_id>/tally.json and published.json, then run the failed tables again"


class UnknownStatus(PipelineError):
    next_step = "read the log of the check, then start a new run"


def _tree(error: type[PipelineError]) -> Iterator[type[PipelineError]]:
    yield error
    for derived in error.__subclasses__():
        yield from _tree(derived)


NEXT_STEPS = {error.__name__: error.next_step for error in _tree(PipelineError)}
