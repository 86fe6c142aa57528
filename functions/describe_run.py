"""GET /runs/{runId}: say how a run stands."""

import os

from pipeline.api.handler import api, error_response, ok_response
from pipeline.api.run_status import RUN_ID, describe
from pipeline.aws import step_functions
from pipeline.contracts.api import ApiAnswer, ApiRequest
from pipeline.handler import logger
from pipeline.steps import outcomes

PIPELINE_ARN = os.environ["PIPELINE_ARN"]


@api
def handler(request: ApiRequest) -> ApiAnswer:
    run_id = request.path_parameters["runId"]
    if not RUN_ID.fullmatch(run_id):
        return error_response(400, "InvalidRunId", "A run's id is 1 to 80 letters, digits, - and _")
    logger.append_keys(run_id=run_id)
    try:
        run = step_functions.describe_execution(f"{PIPELINE_ARN.replace(':stateMachine:', ':execution:')}:{run_id}")
    except LookupError:
        return error_response(404, "RunNotFound", f"There is no run {run_id}; AWS forgets a run 90 days after its end")
    return ok_response(describe(run_id, run, outcomes.load_outcomes(run_id)))
