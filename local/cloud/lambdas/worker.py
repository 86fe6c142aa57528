"""The process of one function: reads one invocation per line from stdin, writes one result per line to stdout.

`local.cloud.lambdas.functions` runs it as a script. Standard library only, for a fast start.
"""

import importlib
import json
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any, BinaryIO

Handler = Callable[[Any, "Context"], Any]
NOT_IN_THE_BUNDLE = ("awscrt", "OpenSSL")  # installed with SAM; botocore uses them if present


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


def main() -> None:
    """Serve the handler named by the only argument, with the working directory as its code."""
    source, results = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - pathlib is slow to import
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)  # a handler's output goes to its log
    sys.path[0] = os.getcwd()  # noqa: PTH109
    sys.modules.update(dict.fromkeys(NOT_IN_THE_BUNDLE))  # type: ignore[arg-type]  # None: cannot be imported
    invocations: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=receive, args=(source, invocations), daemon=True).start()
    serve(sys.argv[1], invocations, results)


if __name__ == "__main__":
    main()
