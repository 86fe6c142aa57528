"""The processes of functions: each reads one invocation per line from stdin, writes one result per line to stdout.

`local.cloud.lambdas.processes` runs this file as a script, which forks a process per request. By then it has imported
the packages that functions use, so a function starts in milliseconds.
"""

import importlib
import json
import os
import queue
import select
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, BinaryIO

Handler = Callable[[Any, "Context"], Any]
NOT_IN_THE_BUNDLE = ("awscrt", "OpenSSL")  # installed with SAM; botocore uses them if present
PACKAGES = ("boto3", "aws_lambda_powertools", "msgspec", "urllib3", "isal.igzip", "encodings.idna")
SERVICES = ("s3", "glue", "athena", "sns", "stepfunctions", "databrew", "kms")
LAYER = ("jinja2", "xlsxwriter", "matplotlib.figure", "matplotlib.backends.backend_svg")
REQUEST_BYTES = 1 << 16


class Context:
    """The handler's context object, with the attributes of Lambda's own."""

    def __init__(self, invocation: dict[str, Any]) -> None:
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = "$LATEST"
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.invoked_function_arn = invocation["arn"]
        self.aws_request_id = invocation["request_id"]
        self.log_group_name = f"/aws/lambda/{self.function_name}"
        self.log_stream_name = "laptop"
        self._deadline = time.monotonic() + invocation["timeout"]

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the invocation times out; never negative."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))


class RuntimeFault(Exception):
    """An error of the Lambda runtime, not of the handler: type and message."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = f"Runtime.{kind}"


def load(name: str) -> Handler:
    """The function named `module.function`. Raises `RuntimeFault` if it is missing, or the module's own error."""
    module_name, _, function = name.rpartition(".")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise RuntimeFault("ImportModuleError", f"Unable to import module '{module_name}': {error}") from error
    try:
        handler: Handler = getattr(module, function)
    except AttributeError as error:
        raise RuntimeFault("HandlerNotFound", f"Handler '{function}' missing on module '{module_name}'") from error
    return handler


def failure(error: Exception, request_id: str) -> dict[str, Any]:
    """The error object that Lambda returns."""
    own = traceback.extract_tb(error.__traceback__)
    return {
        "errorMessage": str(error),
        "errorType": error.kind if isinstance(error, RuntimeFault) else type(error).__name__,
        "requestId": request_id,
        "stackTrace": traceback.format_list([frame for frame in own if frame.filename != __file__]),
    }


def serve(handler_name: str, invocations: "queue.SimpleQueue[bytes]", results: BinaryIO) -> None:
    """Import the handler, report readiness with an empty line, then serve invocations one at a time."""
    handler: Handler | None = None
    with suppress(Exception):  # the first invocation reports it
        handler = load(handler_name)
    results.write(b"\n")
    results.flush()
    while True:
        invocation = json.loads(invocations.get())
        try:
            handler = handler or load(handler_name)
            result = handler(invocation["event"], Context(invocation))
            try:
                answer = {"payload": json.dumps(result)}
            except (TypeError, ValueError) as error:
                raise RuntimeFault("MarshalError", f"Unable to marshal response: {error}") from error
        except Exception as error:  # noqa: BLE001 - any exception of a handler is its result
            answer = {"error": json.dumps(failure(error, invocation["request_id"]))}
        results.write(json.dumps(answer).encode() + b"\n")
        results.flush()


def receive(source: BinaryIO, invocations: "queue.SimpleQueue[bytes]") -> None:
    """Queue invocations; exit, even during an invocation, at end of file."""
    for line in source:
        invocations.put(line)
    os._exit(0)


def run(handler_name: str) -> None:
    """Serve the handler, with the working directory as its code."""
    source, results = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - pathlib is slow to import
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)  # a handler's output goes to its log
    sys.path.insert(0, os.getcwd())  # noqa: PTH109
    invocations: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=receive, args=(source, invocations), daemon=True).start()
    serve(handler_name, invocations, results)


def import_all(names: tuple[str, ...]) -> None:
    """Import packages, nothing of a function."""
    for name in names:
        importlib.import_module(name)


def prepare() -> Iterator[None]:
    """Load what clients of services need, a step at a time; nothing of a function or its role.

    The clients that load it are another session's: that of the functions reads variables when it makes its own.
    """
    import boto3  # noqa: PLC0415 - a process of a function imports it itself where the server does not fork
    from botocore.session import get_session  # noqa: PLC0415

    session, other = get_session(), get_session()
    boto3.setup_default_session(botocore_session=session)
    other.register_component("data_loader", session.get_component("data_loader"))
    other.set_credentials("nobody", "unused")
    for service in SERVICES:
        other.create_client(service, "us-east-1")
        yield


def fork_server(requests: socket.socket) -> None:
    """Fork processes and say which have ended, on request; prepare while there is no request."""
    import_all(PACKAGES)
    steps = prepare()
    while True:
        if not select.select([requests], [], [], 0)[0] and next(steps, "prepared") is None:
            continue
        data, descriptors, _, _ = socket.recv_fds(requests, REQUEST_BYTES, 3)
        if not data:
            os._exit(0)  # the laptop has ended
        while not data.endswith(b"\n"):
            data += requests.recv(REQUEST_BYTES)
        request = json.loads(data)
        if request.get("layers"):
            import_all(LAYER)
        answer = fork(request, descriptors, requests) if descriptors else exit_code(request["process"])
        requests.sendall(json.dumps(answer).encode() + b"\n")


def fork(request: dict[str, Any], descriptors: list[int], requests: socket.socket) -> int:
    """The id of a new process, in a group of its own, with `descriptors` as its stdin, stdout and stderr."""
    process = os.fork()
    if process:
        with suppress(PermissionError):  # it has set it itself and executes another program already
            os.setpgid(process, process)
        for descriptor in descriptors:
            os.close(descriptor)
        return process
    requests.close()
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    if sys.platform != "linux":  # elsewhere, system libraries may not survive a fork
        os.execv(sys.executable, [*sys.orig_argv, request["handler"]])  # noqa: S606
    run(request["handler"])
    return 0


def exit_code(process: int) -> int | None:
    """The exit code of a process, negative for a signal; None while it runs."""
    found, status = os.waitpid(process, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


if __name__ == "__main__":
    sys.modules.update(dict.fromkeys(NOT_IN_THE_BUNDLE))  # type: ignore[arg-type]  # None: cannot be imported
    if len(sys.argv) > 1:
        run(sys.argv[1])
    else:
        fork_server(socket.socket(fileno=os.dup(0)))
