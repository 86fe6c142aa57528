"""The laptop's AWS endpoint: routes for what moto lacks, then moto."""

import io
import socket
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self

from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from local.cloud import moto_app
from local.cloud.iam.calls import read_call
from local.cloud.moto_app import MotoHandler
from local.cloud.wsgi import Response, environ_of, serving

Environ = dict[str, Any]
Route = Callable[[Environ], Response | None]

GLUE = "AWSGlue."
READS = ("BatchGet", "Get", "List", "Search")


class _Raw(io.BytesIO):
    """A body as botocore reads it."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        """The body in one piece."""
        yield self.read()


class Front:
    """Serves on a free port of 127.0.0.1 while entered. The first route that responds wins; moto handles the rest."""

    def __init__(self) -> None:
        self.routes: list[Route] = []
        self.after_glue: list[Callable[[dict[str, Any]], None]] = []
        self._serving = serving(self, socket.create_server(("127.0.0.1", 0)), MotoHandler)

    def __enter__(self) -> Self:
        self.url = self._serving.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._serving.__exit__(*error)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Respond to one request."""
        for route in self.routes:
            response = route(environ)
            if response:
                start_response(response.status, [*response.headers, ("Content-Length", str(len(response.body)))])
                return [response.body]
        if self._changes_glue(environ):
            return self._then_after_glue(environ, start_response)
        return moto_app.answer(environ, start_response)

    def answer(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        """Respond to a boto3 client of this process without a connection, as a handler of its event `before-send`."""
        started: list[Any] = []
        body = self(environ_of(request), lambda status, headers, *_: started.extend((status, headers)))
        status, headers = started
        return AWSResponse(request.url, int(status[:3]), headers, _Raw(b"".join(body)))

    def _changes_glue(self, environ: Environ) -> bool:
        target: str = environ.get("HTTP_X_AMZ_TARGET", "")
        return target.startswith(GLUE) and not target.removeprefix(GLUE).startswith(READS)

    def _then_after_glue(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        parameters, statuses = read_call(environ, "glue").parameters, list[str]()

        def start(status: str, *args: Any) -> Any:
            statuses.append(status)
            return start_response(status, *args)

        answer = moto_app.answer(environ, start)
        if statuses and statuses[0].startswith("200"):
            for hook in self.after_glue:
                hook(parameters)
        return answer
