"""moto as a WSGI application: its handlers, without the Flask application that moto's server makes of a service."""

import re
from collections.abc import Callable, Iterable
from functools import cache
from mmap import mmap
from typing import Any

from botocore.exceptions import ClientError
from moto.backends import get_backend
from moto.core.request import (
    PRESERVED_HEADER_NAMES_ENVIRON_KEY,
    Request,
    environ_key_for_header,
    should_preserve_original_header_name,
)
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.wrappers import Response

from local.cloud.account import ACCOUNT, REGION
from local.cloud.iam.calls import MODELS, Environ, signed
from local.cloud.wsgi import Handler

SERVICES = MODELS | {"monitoring": "cloudwatch"}  # by the name in a signature; the others have the same name in moto


class MotoHandler(Handler):
    """With the names of metadata as they were sent: werkzeug drops those with an underscore."""

    def make_environ(self) -> Environ:
        """The WSGI environment of the request."""
        environ = super().make_environ()
        sent = {
            environ_key_for_header(name): name for name in self.headers if should_preserve_original_header_name(name)
        }
        names = {key: name for key, name in sent.items() if key not in environ}
        return (
            environ
            | {key: self.headers[name] for key, name in names.items()}
            | {PRESERVED_HEADER_NAMES_ENVIRON_KEY: names}
        )


class _Request(Request):  # type: ignore[misc] # moto has no types
    from_wsgi_server = True

    @property
    def raw_url(self) -> str:
        """As it arrived; moto puts it together from its decoded parts."""
        return f"http://{self.environ['HTTP_HOST']}{self.environ['RAW_URI']}"


def answer(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Respond to one request; one without a signature is for S3."""
    found = signed(environ)
    request = _Request(environ, populate_request=False)
    try:
        response = _respond(SERVICES.get(found[1], found[1]) if found else "s3", request)
    except HTTPException as error:
        response = error.get_response(environ)
    return response(environ, start_response)


def _respond(service: str, request: Request) -> Response:
    handler = next((handle for path, handle in _handlers(service) if path.match(request.raw_path)), None)
    if handler is None:
        raise NotFound
    try:
        result = handler(request, request.raw_url, dict(request.headers))
    except ClientError as error:
        result = 400, {}, error.response["Error"]["Message"]
    status, headers, content = result if len(result) == 3 else (200, {}, result)  # noqa: PLR2004
    response = Response(content, status, headers)
    if request.method == "HEAD" and "content-length" in headers:
        response.headers["Content-Length"] = headers["content-length"]
    elif isinstance(content, mmap):
        response.headers["Content-Length"] = str(len(content))  # not as it was put, if its file was changed since
    return response


@cache
def _handlers(service: str) -> list[tuple[re.Pattern[str], Callable[..., Any]]]:
    """The first whose path matches handles a request. Raises ImportError if moto has no such service."""
    backends = get_backend(service)[ACCOUNT]
    backend = backends[REGION] if REGION in backends else backends["aws"]
    return [(re.compile(path), handle) for path, handle in backend.url_paths.items()]
