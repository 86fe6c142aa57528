"""GET /links/{token}: take a link from a mail for the report it stands for."""

from datetime import UTC, datetime

from pipeline import links, mac, reports
from pipeline.events import ApiAnswer, ApiRequest
from pipeline.link_answers import not_opened, opened
from pipeline.task import logger
from pipeline.web import api


@api
def handler(request: ApiRequest) -> ApiAnswer:
    try:
        key = links.read(request.path_parameters["token"], datetime.now(UTC), mac.verify)
    except links.LinkForged:
        return not_opened(403)
    except links.LinkExpired:
        return not_opened(410)
    logger.append_keys(report=key)
    return opened(reports.url(key)) if reports.is_there(key) else not_opened(404)
