"""The laptop's AWS endpoint: routes for what moto lacks, then moto."""

import threading
from collections.abc import Callable, Iterable
from typing import Any, Self

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from moto.core.botocore_stubber import MockRawResponse
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from local.cloud.wsgi import Handler, Response, environ_of

Environ = dict[str, Any]
Route = Callable[[Environ], Response | None]

GLUE = "AWSGlue."
READS = ("BatchGet", "Get", "List", "Search")


class MotoHandler(Handler, MotoRequestHandler):  # type: ignore[misc] # moto has no types
    """With the names of headers as moto keeps them."""


class Dispatcher(DomainDispatcherApplication):  # type: ignore[misc]
    """Caches the service of each host; moto scans its folders on every request, 3 ms."""

    def __init__(self) -> None:
        super().__init__(_app)
        self._services: dict[str | None, Any] = {}

    def get_backend_for_host(self, host: str | None) -> Any:
        """The name of moto's service for a host."""
        if host not in self._services:
            self._services[host] = super().get_backend_for_host(host)
        return self._services[host]


def _app(service: Any) -> Any:
    """moto's application for a service. In debug mode, Flask would make a class for each request with a body."""
    app = create_backend_app(service)
    app.debug = False
    app.config["PROPAGATE_EXCEPTIONS"] = True
    return app


class Front:
    """Serves on a free port of 127.0.0.1 while entered. The first route that responds wins; moto handles the rest."""

    def __init__(self) -> None:
        self.routes: list[Route] = []
        self.after_glue: list[Callable[[], None]] = []
        self._moto = Dispatcher()
        self._server = make_server("127.0.0.1", 0, self, threaded=True, request_handler=MotoHandler)
        self.url = f"http://127.0.0.1:{self._server.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Respond to one request."""
        for route in self.routes:
            response = route(environ)
            if response:
                start_response(response.status, [*response.headers, ("Content-Length", str(len(response.body)))])
                return [response.body]
        if self._changes_glue(environ):
            return self._then_after_glue(environ, start_response)
        return self._answer(environ, start_response)

    def _answer(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """moto's answer. Its request and the environment refer to each other, which would keep the body for long."""
        answer: Iterable[bytes] = self._moto(environ, start_response)
        environ.pop("werkzeug.request", None)
        return answer

    def answer(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        """Respond to a boto3 client of this process without a connection, as a handler of its event `before-send`."""
        started: list[Any] = []
        body = self(environ_of(request), lambda status, headers, *_: started.extend((status, headers)))
        status, headers = started
        return AWSResponse(request.url, int(status[:3]), headers, MockRawResponse(b"".join(body)))

    def _changes_glue(self, environ: Environ) -> bool:
        target: str = environ.get("HTTP_X_AMZ_TARGET", "")
        return target.startswith(GLUE) and not target.removeprefix(GLUE).startswith(READS)

    def _then_after_glue(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        statuses: list[str] = []

        def start(status: str, *args: Any) -> Any:
            statuses.append(status)
            return start_response(status, *args)

        answer = self._answer(environ, start)
        if statuses and statuses[0].startswith("200"):
            for hook in self.after_glue:
                hook()
        return answer
