"""Deployed functions and their warm worker processes."""

import contextlib
import json
import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote

from local.cloud.account import ACCOUNT, REGION
from local.cloud.lambdas.processes import base_environment, fork_server
from local.cloud.wsgi import Response

IMPORT_SECONDS = 60
ENDING_SECONDS = 0.002
INVOKE_PATH = "/2015-03-31/functions/"
Environment = dict[str, str]


@dataclass(frozen=True)
class Function:
    """A function as declared in the template. `timeout` in seconds, `memory` in MB; `layers` is whether it has any."""

    name: str
    folder: Path
    handler: str
    role: str
    timeout: int
    memory: int
    variables: dict[str, str] = field(default_factory=dict)
    layers: bool = False

    @property
    def arn(self) -> str:
        """The function's ARN."""
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.name}"


@dataclass(frozen=True)
class Result:
    """The JSON that an invocation returned; Lambda's error object if `failed`."""

    payload: bytes
    failed: bool


class Worker:
    """One process of a function. It exits when this process dies."""

    def __init__(self, function: Function, environment: Environment, log: Path) -> None:
        self._function = function
        self._ready = False
        self._process = fork_server().start(function.handler, function.folder, environment, log, function.layers)

    @property
    def alive(self) -> bool:
        """Whether the process is running."""
        return self._process.poll() is None

    def invoke(self, event: Any) -> Result:
        """Run the handler once its module is imported; kill the process after the function's timeout."""
        if not self._ready:
            with self._killed_after(IMPORT_SECONDS):
                self._process.stdout.readline()
            self._ready = True
        request_id = str(uuid.uuid4())
        function = self._function
        invocation = {"event": event, "request_id": request_id, "arn": function.arn, "timeout": function.timeout}
        line = b""
        with self._killed_after(function.timeout) as overdue, contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(invocation).encode() + b"\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        if line.endswith(b"\n"):
            answer = json.loads(line)
            return Result(str(answer.get("payload") or answer["error"]).encode(), "error" in answer)
        return self._lost(request_id, overdue.is_set())

    def kill(self) -> None:
        """Kill the process group."""
        self._process.kill()

    def close(self) -> None:
        """Kill the process group and close its pipes."""
        self.kill()
        self._process.wait()

    @contextlib.contextmanager
    def _killed_after(self, seconds: int) -> Iterator[threading.Event]:
        """Kill the process and set the event if the block takes longer."""
        overdue = threading.Event()

        def expire() -> None:
            overdue.set()
            self.kill()

        timer = threading.Timer(seconds, expire)
        timer.daemon = True
        timer.start()
        try:
            yield overdue
        finally:
            timer.cancel()

    def _lost(self, request_id: str, overdue: bool) -> Result:
        code = self._process.wait()
        if overdue:
            kind, reason = "Sandbox.Timedout", f"Task timed out after {self._function.timeout:.2f} seconds"
        elif code < 0:
            kind, reason = "Runtime.ExitError", f"Runtime exited with error: signal: {signal.Signals(-code).name}"
        else:
            kind, reason = "Runtime.ExitError", f"Runtime exited with error: exit status {code}"
        error = {"errorType": kind, "errorMessage": f"RequestId: {request_id} Error: {reason}"}
        return Result(json.dumps(error).encode(), True)


class Functions:
    """The deployed functions and their warm processes."""

    def __init__(self, url: str, logs: Path, credentials: Callable[[str], Environment]) -> None:
        """`credentials(role ARN)` returns boto3's keyword arguments."""
        self._url = url
        self._logs = logs
        self._credentials = credentials
        self.deployed: dict[str, Function] = {}
        self._environments: dict[str, Environment] = {}
        self._idle: dict[str, list[Worker]] = {}
        self._busy: set[Worker] = set()
        self._lock = threading.Lock()
        self._temporary = TemporaryDirectory(prefix="singstat-", ignore_cleanup_errors=True)
        logs.mkdir(parents=True, exist_ok=True)

    def add(self, function: Function) -> None:
        """Deploy a function."""
        self.deployed[function.name] = function
        self._idle[function.name] = []

    def warm(self, name: str) -> None:
        """Start a process of a function without waiting for it. Raises `KeyError` if it is not deployed."""
        worker = self._take(self.deployed[name])
        with self._lock:
            self._busy.discard(worker)
            self._idle[name].append(worker)

    def invoke(self, name: str, event: Any) -> Result:
        """Invoke a function; invocations run concurrently. Raises `KeyError` if it is not deployed."""
        function = self.deployed[name]
        worker = self._take(function)
        try:
            return worker.invoke(event)
        finally:
            with self._lock:
                self._busy.discard(worker)
                if worker.alive:
                    self._idle[name].append(worker)

    def route(self, environ: dict[str, Any]) -> Response | None:
        """Answer Lambda's Invoke; None for other requests and unknown functions."""
        path: str = environ["PATH_INFO"]
        if not (path.startswith(INVOKE_PATH) and path.endswith("/invocations")):
            return None
        parts = unquote(path[len(INVOKE_PATH) : -len("/invocations")]).split(":")
        name = parts[6] if len(parts) > 6 else parts[0]  # noqa: PLR2004 - arn:aws:lambda:region:account:function:NAME
        if name not in self.deployed:
            return None
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        event = json.loads(body or b"{}")
        if environ.get("HTTP_X_AMZ_INVOCATION_TYPE") == "Event":
            threading.Thread(target=self.invoke, args=(name, event), daemon=True).start()
            return Response("202 Accepted", [], b"")
        result = self.invoke(name, event)
        failed = [("X-Amz-Function-Error", "Unhandled")] if result.failed else []
        return Response("200 OK", [("Content-Type", "application/json"), *failed], result.payload)

    def close(self) -> None:
        """Kill all processes, and delete their temporary files."""
        with self._lock:
            self.deployed.clear()
            idle = [worker for workers in self._idle.values() for worker in workers]
            for worker in [*idle, *self._busy]:
                worker.kill()
            busy = list(self._busy)
        for worker in idle:
            worker.close()
        for worker in busy:  # closed by the thread that waits for it
            while worker.alive:
                time.sleep(ENDING_SECONDS)
        self._temporary.cleanup()

    def _take(self, function: Function) -> Worker:
        with self._lock:
            idle = self._idle[function.name]
            while idle:
                worker = idle.pop()
                if worker.alive:
                    self._busy.add(worker)
                    return worker
            environment = self._environments.get(function.name)
        if environment is None:
            environment = self._environments[function.name] = self._environment(function)
        worker = Worker(function, environment, self._logs / f"{function.name}.log")
        with self._lock:
            self._busy.add(worker)
        return worker

    def _environment(self, function: Function) -> Environment:
        return {
            **base_environment(),
            "TMPDIR": self._temporary.name,
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self._url,
            **{name.upper(): value for name, value in self._credentials(function.role).items()},
            **function.variables,
        }
