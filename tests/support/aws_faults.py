"""Scripts of what AWS does wrong: faults of single calls, in front of the laptop's services."""

import json
import socket
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

import pytest

from local.cloud.aws import LocalAWS
from local.cloud.iam.calls import Environ, UnknownCallError, read_call, signed
from local.cloud.lambdas import functions
from local.cloud.lambdas.functions import Result
from local.cloud.wsgi import Response

Kind = Literal["throttled", "refused", "broken", "answer lost", "cut off", "killed before", "killed after"]
PASSED = "tests.fault-passed"
THROTTLED = {"s3": "SlowDown", "lambda": "TooManyRequestsException", "ec2": "RequestLimitExceeded", "sns": "Throttling"}
STATUS = {"throttled": "400 Bad Request", "refused": "403 Forbidden", "broken": "500 Internal Server Error"}


class Point(NamedTuple):
    """A place where a function waits for AWS: the function, the operation, and which of its calls in one invocation.

    In a rule, number 0 is each call, and function "" each function.
    """

    function: str
    service: str
    operation: str
    number: int = 1

    def matches(self, at: "Point") -> bool:
        return (self.function or at.function, self.service or at.service, self.operation or at.operation) == at[
            :3
        ] and (self.number in (0, at.number))

    def __str__(self) -> str:
        return f"{self.function} {self.service}:{self.operation}" + (f" {self.number}" if self.number > 1 else "")


@dataclass
class Rule:
    """What happens at a point of one run, each time or, with `retried`, each odd time, so that a retry succeeds."""

    point: Point
    kind: Kind
    retried: bool = False

    def affects(self, at: Point) -> bool:
        return self.point.matches(at) and (at.number % 2 == 1 or not self.retried)


class Tagged(functions.Worker):
    """A function's process whose calls carry its tag in the user agent."""

    def __init__(self, function: Any, environment: dict[str, str], log: Any) -> None:
        self.tag = uuid.uuid4().hex
        self.function_name = function.name
        self.event: Any = None
        self.calls: Counter[tuple[str, str]] = Counter()
        super().__init__(function, environment | {"AWS_SDK_UA_APP_ID": self.tag}, log)
        Faults.workers[self.tag] = self

    def invoke(self, event: Any) -> Result:
        self.event, self.calls = json.dumps(event), Counter()
        return super().invoke(event)


class Faults:
    """The faults of the runs on one laptop: `rules` by run id, `seen` has every point that a run came to."""

    workers: ClassVar[dict[str, Tagged]] = {}

    def __init__(self, aws: LocalAWS) -> None:
        self.rules: dict[str, list[Rule]] = {}
        self.seen: dict[str, set[Point]] = {}
        self._aws, self._lock = aws, threading.Lock()
        self._names = {
            physical: logical.removesuffix("Function")
            for physical, logical in aws.stack.names("AWS::Lambda::Function").items()
        }
        aws.front.routes.insert(0, self._route)

    def _route(self, environ: Environ) -> Response | None:
        _, _, tag = environ.get("HTTP_USER_AGENT", "").partition("app/")
        worker, found = self.workers.get(tag[:32]), signed(environ)
        if PASSED in environ or not worker or not found:
            return None
        try:
            call = read_call(environ, found[1])
        except UnknownCallError:
            return None
        with self._lock:
            worker.calls[call.service, call.operation] += 1
            number = worker.calls[call.service, call.operation]
            point = Point(self._names[worker.function_name], call.service, call.operation, number)
            run = next((run for run in self.rules if f'"{run}"' in worker.event or f'.{run}"' in worker.event), None)
            if run is None:
                return None
            self.seen.setdefault(run, set()).add(point)
            rule = next((rule for rule in self.rules[run] if rule.affects(point)), None)
        if rule is None:
            return None
        return self._do(rule.kind, environ, worker, call.service)

    def _do(self, kind: Kind, environ: Environ, worker: Tagged, service: str) -> Response:
        if kind in ("answer lost", "killed after"):
            list(self._aws.front(environ | {PASSED: True}, lambda *_: None))
        if kind.startswith("killed"):
            worker.kill()
        if kind == "cut off":
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        return _error(environ, service, kind if kind in STATUS else "broken")


def _error(environ: Environ, service: str, kind: str) -> Response:
    """The error in the service's protocol."""
    code = {
        "throttled": THROTTLED.get(service, "ThrottlingException"),
        "refused": "AccessDeniedException",
        "broken": "InternalServerException",
    }[kind]
    status = "503 Slow Down" if code == "SlowDown" else STATUS[kind]
    if service == "s3":
        code = code.removesuffix("Exception")
        return Response(
            status,
            [("Content-Type", "text/xml")],
            f"<Error><Code>{code}</Code><Message>made up</Message></Error>".encode(),
        )
    if service in ("ec2", "sns"):
        text = f"<ErrorResponse><Error><Code>{code}</Code><Message>made up</Message></Error></ErrorResponse>"
        return Response(status, [("Content-Type", "text/xml")], text.encode())
    headers = [("Content-Type", "application/json"), ("x-amzn-ErrorType", code)]
    return Response(status, headers, json.dumps({"__type": code, "message": "made up"}).encode())


@contextmanager
def tagged() -> Iterator[None]:
    """Within this block, each function's process is known by its calls."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(functions, "Worker", Tagged)
        yield
