"""GET /links/{token}: take a link from a mail for the report it stands for."""

from datetime import UTC, datetime

from pipeline.api import link_token
from pipeline.api.handler import api
from pipeline.api.link_page import not_opened, opened
from pipeline.aws import kms, results_bucket
from pipeline.contracts.api import ApiAnswer, ApiRequest
from pipeline.handler import logger


@api
def handler(request: ApiRequest) -> ApiAnswer:
    try:
        key = link_token.decode(request.path_parameters["token"], datetime.now(UTC), kms.verify)
    except link_token.LinkForged:
        return not_opened(403)
    except link_token.LinkExpired:
        return not_opened(410)
    logger.append_keys(report=key)
    return opened(results_bucket.url(key)) if results_bucket.is_there(key) else not_opened(404)
