"""`GET /runs/{runId}`: the status of a run."""

from pipeline.api.handler import api, error_response, ok_response
from pipeline.api.run_status import describe
from pipeline.aws import step_functions
from pipeline.contracts.api import ApiRequest, ApiResponse
from pipeline.handler import logger
from pipeline.run.plan import RUN_ID
from pipeline.steps import outcomes


@api
def handler(request: ApiRequest) -> ApiResponse:
    run_id = request.path_parameters["runId"]
    if not RUN_ID.fullmatch(run_id):
        return error_response(400, "InvalidRunId", "A run id is 1 to 80 letters, digits, - and _")
    logger.append_keys(run_id=run_id)
    try:
        run = step_functions.describe_execution(run_id)
    except LookupError:
        return error_response(
            404, "RunNotFound", f"There is no run {run_id}; AWS deletes an execution 90 days after it ends"
        )
    return ok_response(describe(run_id, run, outcomes.load_outcomes(run_id)))
