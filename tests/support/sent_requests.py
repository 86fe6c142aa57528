"""Requests that boto3 sends, and responses for it to parse, without a server."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from local.cloud.account import REGION
from local.cloud.wsgi import environ_of

URL = "http://127.0.0.1:9"


class Caught(Exception):
    """Raised instead of sending a request."""


def client(service: str, answer: Callable[[AWSPreparedRequest], AWSResponse]) -> Any:
    """A client whose requests are answered by a function."""
    keys = {"aws_access_key_id": "somebody", "aws_secret_access_key": "unchecked"}
    made = boto3.client(service, region_name=REGION, endpoint_url=URL, **keys)
    made.meta.events.register("before-send.*", lambda request, **_: answer(request))
    return made


def sent(service: str, method: str, **arguments: Any) -> dict[str, Any]:
    """The WSGI environ of a call's request."""
    requests: list[AWSPreparedRequest] = []

    def catch(request: AWSPreparedRequest) -> AWSResponse:
        requests.append(request)
        raise Caught

    with suppress(Caught):
        getattr(client(service, catch), method)(**arguments)
    return environ_of(requests[0])


def response(status: int, headers: Mapping[str, str], body: bytes) -> AWSResponse:
    class Raw:
        def stream(self, **_: Any) -> Iterator[bytes]:
            yield body

    return AWSResponse(URL, status, dict(headers), Raw())
