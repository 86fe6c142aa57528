"""The process of one function: reads an invocation a line from stdin, writes its result a line to stdout.

Started by `local.cloud.lambdas.functions` as a script; standard library only, so that it starts fast.
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
NOT_IN_THE_BUNDLE = ("awscrt", "OpenSSL")  # sam brings them to the laptop, botocore takes what it finds


class Context:
    """The second argument of a handler, with what AWS's has."""

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
        """Milliseconds until the invocation is stopped, 0 at least."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))


class RuntimeFault(Exception):
    """What AWS's runtime, not the handler, reports: its error type and message."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = f"Runtime.{kind}"


def load(name: str) -> Handler:
    """The function called `module.function`. Errors: RuntimeFault, or whatever the module raises."""
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
    """The error object AWS answers with."""
    own = traceback.extract_tb(error.__traceback__)
    return {
        "errorMessage": str(error),
        "errorType": error.kind if isinstance(error, RuntimeFault) else type(error).__name__,
        "requestId": request_id,
        "stackTrace": traceback.format_list([frame for frame in own if frame.filename != __file__]),
    }


def serve(handler_name: str, invocations: "queue.SimpleQueue[bytes]", results: BinaryIO) -> None:
    """Import the handler, say so with an empty line, then answer invocations, one at a time, for ever."""
    handler: Handler | None = None
    with suppress(Exception):  # what is wrong with the module, the invocation tells
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
        except Exception as error:  # noqa: BLE001 - any error of a handler is its answer
            answer = {"error": json.dumps(failure(error, invocation["request_id"]))}
        results.write(json.dumps(answer).encode() + b"\n")
        results.flush()


def receive(source: BinaryIO, invocations: "queue.SimpleQueue[bytes]") -> None:
    """Queue what comes in; end the process, even within an invocation, when the other side is gone."""
    for line in source:
        invocations.put(line)
    os._exit(0)


def main() -> None:
    """Run the handler named by the only argument, with the working directory as its code."""
    source, results = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - pathlib takes longer to import than all the rest
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)  # what a handler prints goes to its log
    sys.path[0] = os.getcwd()  # noqa: PTH109
    sys.modules.update(dict.fromkeys(NOT_IN_THE_BUNDLE))  # type: ignore[arg-type]  # None: cannot be imported
    invocations: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=receive, args=(source, invocations), daemon=True).start()
    serve(sys.argv[1], invocations, results)


if __name__ == "__main__":
    main()
