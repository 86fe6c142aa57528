"""GET /runs/{runId}: say how a run stands."""

import os

from pipeline import execution, outcomes
from pipeline.events import ApiAnswer, ApiRequest
from pipeline.run_status import RUN_ID, describe
from pipeline.task import logger
from pipeline.web import api, found, refused

PIPELINE_ARN = os.environ["PIPELINE_ARN"]


@api
def handler(request: ApiRequest) -> ApiAnswer:
    run_id = request.path_parameters["runId"]
    if not RUN_ID.fullmatch(run_id):
        return refused(400, "InvalidRunId", "A run's id is 1 to 80 letters, digits, - and _")
    logger.append_keys(run_id=run_id)
    try:
        run = execution.look_up(f"{PIPELINE_ARN.replace(':stateMachine:', ':execution:')}:{run_id}")
    except LookupError:
        return refused(404, "RunNotFound", f"There is no run {run_id}; AWS forgets a run 90 days after its end")
    return found(describe(run_id, run, outcomes.of_run(run_id)))
