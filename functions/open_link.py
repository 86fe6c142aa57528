"""`GET` or `HEAD /links/{token}`: redirect a link from a mail to its report. Mail scanners ask with HEAD."""

from datetime import UTC, datetime

from pipeline.api import link_token
from pipeline.api.handler import api
from pipeline.api.link_page import error_page, redirect
from pipeline.aws import kms, results_bucket
from pipeline.contracts.api import ApiRequest, ApiResponse
from pipeline.handler import logger


@api
def handler(request: ApiRequest) -> ApiResponse:
    try:
        token = request.path_parameters["token"].rstrip(link_token.PUNCTUATION)
        key = link_token.decode(token, datetime.now(UTC), kms.verify)
    except link_token.LinkForged:
        return error_page(403)
    except link_token.LinkExpired:
        return error_page(410)
    logger.append_keys(report=key)
    return redirect(results_bucket.url(key, request.http_method)) if results_bucket.is_there(key) else error_page(404)
