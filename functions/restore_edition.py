"""State RestoreEdition: point readers at an earlier edition, or take a published one back."""

from pipeline.contracts.states import Restored, RestoreRequest
from pipeline.errors import InputInvalid
from pipeline.handler import task
from pipeline.steps.restore import restore


@task
def handler(request: RestoreRequest) -> Restored:
    """Raises `InputInvalid` if there is no such edition, `PublishConflict` if a run published in the meantime."""
    asked = request.rollback or request.forget
    if asked is None:
        raise InputInvalid("give a rollback or forget")
    return restore(request, asked)
