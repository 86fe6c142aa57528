"""Processes of functions, forked by one process that has imported the packages which functions use."""

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO, Any

WORKER = Path(__file__).with_name("worker.py")
WAIT_SECONDS = 0.002


def base_environment() -> dict[str, str]:
    """The variables that every function has."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": tempfile.gettempdir(),
        "LANG": "C.UTF-8",
        "TZ": ":UTC",
    }


class Process:
    """A process in a group of its own. It exits when this process dies."""

    def __init__(self, server: "ForkServer", number: int, stdin: IO[bytes], stdout: IO[bytes]) -> None:
        self._server, self._number = server, number
        self._code: int | None = None
        self._ending = threading.Lock()
        self.stdin, self.stdout = stdin, stdout

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        with self._ending:
            if self._code is None:
                self._code = self._server.exit_code(self._number)
            return self._code

    def kill(self) -> None:
        """Kill the group, whose id is in use until `poll` has the exit code."""
        with self._ending, suppress(ProcessLookupError, PermissionError):  # the latter on macOS, for a zombie
            if self._code is None:
                os.killpg(self._number, signal.SIGKILL)

    def wait(self) -> int:
        """The exit code, once it has ended; its pipes are closed."""
        while (code := self.poll()) is None:
            time.sleep(WAIT_SECONDS)
        for pipe in (self.stdin, self.stdout):
            with suppress(BrokenPipeError):
                pipe.close()
        return code


class ForkServer:
    """Runs `worker.py` until this process ends."""

    def __init__(self) -> None:
        ours, its = socket.socketpair()
        with its:
            self._server = subprocess.Popen(
                [sys.executable, "-P", "-u", str(WORKER)],
                env=base_environment() | {"OPENBLAS_NUM_THREADS": "1"},  # no process with threads is forked
                stdin=its.fileno(),
                stdout=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C reaches only the run, which then stops its workers
            )
        atexit.register(self._close)
        self._requests, self._answers = ours, ours.makefile("rb")
        self._asking = threading.Lock()

    def start(self, handler: str, folder: Path, environment: Mapping[str, str], log: Path, layers: bool) -> Process:
        """A process that serves a handler, with its layers or without; what it prints is appended to `log`."""
        source, stdin = os.pipe()
        stdout, results = os.pipe()
        request = {"handler": handler, "folder": str(folder), "environment": environment, "layers": layers}
        with open(source, "rb"), open(results, "wb"), log.open("ab") as output:  # noqa: PTH123 - descriptors
            number: int = self._ask(request, source, results, output.fileno())
        return Process(self, number, os.fdopen(stdin, "wb"), os.fdopen(stdout, "rb"))

    def exit_code(self, number: int) -> int | None:
        """The exit code of a process, None while it runs. Afterwards its id may be used again."""
        code: int | None = self._ask({"process": number})
        return code

    def _close(self) -> None:
        self._server.kill()
        self._server.wait()

    def _ask(self, request: Mapping[str, Any], *descriptors: int) -> Any:
        data = json.dumps(request).encode() + b"\n"
        with self._asking:
            sent = socket.send_fds(self._requests, [data], descriptors)
            self._requests.sendall(data[sent:])
            return json.loads(self._answers.readline())


@cache
def fork_server() -> ForkServer:
    """The one of this process, which all its laptops share."""
    return ForkServer()
