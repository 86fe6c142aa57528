"""Everything that can go wrong by name. The class name is what the state machine, the mail and the alarms show.

PipelineError
├── InputInvalid            the request, refused before anything is called
│   └── WrongFrequency      the table has another frequency than was asked for
├── SourceError             SingStat
│   ├── SourceUnavailable   no answer, 5xx, 408, 425 or 429, after retries
│   ├── SourceRefused       any other 4xx: our request is wrong or unwelcome
│   ├── TableNotFound       404: unknown or retired
│   ├── SourceMalformed     not JSON, cut, or too large
│   ├── SourceContract      JSON, but not in a shape we know
│   ├── SourceIncomplete    the cells do not add up to the total
│   ├── SourceInconsistent  two editions in one fetch, or two values for one cell
│   └── StaleVintage        older than what is published
├── WorkerError             the EC2 instance of a large table
│   ├── NoCapacity          AWS has none of the instance types
│   ├── WorkerLost          no sign of life
│   └── SpotInterrupted     AWS took the instance back, or it was shut down
├── TransformFailed         DataBrew
├── CatalogueBusy           the crawler works for another run
├── CatalogueFailed         the crawler, or a schema that is not the declared one
├── VerificationFailed      Athena, or numbers that differ from the manifest
└── PublishConflict         another run published the table meanwhile
"""

from typing import Self


class PipelineError(Exception):
    """A named failure: what happened (`cause`) and what a person does about it (`next_step`)."""

    next_step = "read the log of this step, then redrive the run"

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause

    def at(self, step: str, table_id: str = "") -> Self:
        """The same error with table, step, cause and next step in its message."""
        located = type(self)(self.cause)
        located.args = (f"{table_id + ' ' if table_id else ''}{step}: {self.cause}. Next: {self.next_step}",)
        return located


class InputInvalid(PipelineError):
    next_step = "correct the request and start again"


class WrongFrequency(InputInvalid):
    next_step = "start the table with the frequency that it has, or name none"


class SourceError(PipelineError):
    next_step = "run the table again later"


class SourceUnavailable(SourceError):
    next_step = "run the table again when SingStat answers; maintenance takes hours"


class SourceRefused(SourceError):
    next_step = "compare the request with SingStat's developer guide"


class TableNotFound(SourceError):
    next_step = "look for its successor with `singstat search` and put that into the list"


class SourceMalformed(SourceError):
    next_step = "run the table again later; if it stays, look at the kept body"


class SourceContract(SourceError):
    next_step = "look at the kept body: SingStat may have changed its format"


class SourceIncomplete(SourceError):
    next_step = "run the table again; nothing of this fetch was published"


class SourceInconsistent(SourceError):
    next_step = "run the table again later; it was being republished"


class StaleVintage(SourceError):
    next_step = "nothing: the newer vintage stays published"


class WorkerError(PipelineError):
    next_step = "redrive the run: it goes on from the last checkpoint"


class NoCapacity(WorkerError):
    next_step = "redrive the run later, or deploy with other instance types"


class WorkerLost(WorkerError):
    next_step = "read the worker's log, then redrive the run: it goes on from the last checkpoint"


class SpotInterrupted(WorkerError):
    """The instance is about to end; a fresh one goes on from the checkpoint."""


class TransformFailed(PipelineError):
    next_step = "read the DataBrew job's log, then start a new run"


class CatalogueBusy(PipelineError):
    next_step = "wait for the other run's crawl to end, then redrive the run"


class CatalogueFailed(PipelineError):
    next_step = "compare the crawler's table with pipeline/table/schema.py, then start a new run"


class VerificationFailed(PipelineError):
    next_step = "compare the staged rows with the kept pages; nothing of this run was published"


class PublishConflict(PipelineError):
    next_step = "nothing: the other run's vintage stays published"
