"""One EC2 instance on the laptop: its user data's process group, in its own folder."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, NamedTuple, cast

COMMANDS = Path(__file__).with_name("commands.py")
TERM_SECONDS = 10
KILL_SECONDS = 1
MINUTE_SECONDS = 60
ALIVE = ("pending", "running")

# The laptop holds the write end of stdin: if the laptop dies, so do all processes of the instance, as in a power cut.
POWER = 'exec 3<&0 </dev/null; ( { read -r _ <&3; kill -KILL 0; } >/dev/null 2>&1 & ); exec /bin/bash "$0" 3<&-'


class Reason(NamedTuple):
    """The code and message of an instance's StateReason."""

    code: str
    message: str


BY_INSTANCE = Reason(
    "Client.InstanceInitiatedShutdown", "Client.InstanceInitiatedShutdown: Instance initiated shutdown"
)


class Instance:
    """Runs until it is shut down, whatever its processes do; terminated once no process is left."""

    def __init__(self, folder: Path, script: bytes, environment: Mapping[str, str], power: str) -> None:
        """Start a script in a folder named after the instance; `power` is the address that `shutdown` calls."""
        self.id = folder.name
        self.launched = datetime.now(UTC)
        self.state = "pending"
        self.reason: Reason | None = None
        self._disk = folder / "disk"
        self._disk.mkdir(parents=True)
        (folder / "user_data.sh").write_bytes(script)
        _write_commands(folder / "bin", power)
        own = {
            "PATH": f"{folder / 'bin'}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self._disk),
            "TMPDIR": str(self._disk),
        }
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", POWER, str(folder / "user_data.sh")],
            cwd=self._disk,
            env={**environment, **own},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._silent = threading.Event()
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()
        threading.Thread(target=self._live, args=(folder / "console.log",), daemon=True).start()

    @property
    def process_group(self) -> int:
        """The process group id."""
        return self._process.pid

    def shut_down(self, reason: Reason = BY_INSTANCE) -> None:
        """Send SIGTERM, then SIGKILL after TERM_SECONDS; no effect if it is already shutting down."""
        with self._lock:
            if self.state in ALIVE:
                self.state, self.reason = "shutting-down", reason
                self._signal(signal.SIGTERM)
                threading.Thread(target=self._end, daemon=True).start()

    def shut_down_in(self, minutes: int) -> None:
        """Schedule a shutdown, replacing an earlier one."""
        with self._lock:
            self._stop_timer()
            if self.state in ALIVE:
                self._timer = threading.Timer(minutes * MINUTE_SECONDS, self.shut_down)
                self._timer.daemon = True
                self._timer.start()

    def kill(self) -> None:
        """Terminate it immediately and delete its disk; returns once it is terminated."""
        with self._lock:
            self._stop_timer()
            self._signal(signal.SIGKILL)
            self._process.wait()
        self._silent.wait(KILL_SECONDS)
        with self._lock:
            if self.state != "terminated":
                cast(IO[bytes], self._process.stdin).close()
                shutil.rmtree(self._disk, ignore_errors=True)
                self.state = "terminated"

    def _live(self, log: Path) -> None:
        with self._lock:
            if self.state == "pending":
                self.state = "running"
        with cast(IO[bytes], self._process.stdout) as output, log.open("wb") as console:
            for data in iter(partial(os.read, output.fileno(), 1 << 16), b""):
                console.write(data)
                console.flush()
        self._silent.set()  # EOF: no process is left

    def _end(self) -> None:
        self._silent.wait(TERM_SECONDS)
        self.kill()

    def _signal(self, number: int) -> None:
        """Signal the group; its id cannot be reused until the first process is reaped."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):  # macOS raises the latter for a group of zombies
                os.killpg(self._process.pid, number)

    def _stop_timer(self) -> None:
        if self._timer:
            self._timer.cancel()


def _write_commands(folder: Path, power: str) -> None:
    """Write the commands that shadow the laptop's own."""
    python, commands = shlex.quote(sys.executable), shlex.quote(str(COMMANDS))
    scripts = {
        "aws": f'exec {python} {commands} aws "$@"',
        "dnf": "exit 0",
        "python3.13": f'exec {python} "$@"',
        "shutdown": f'exec {python} {commands} shutdown {power} "$@"',
    }
    folder.mkdir()
    for name, script in scripts.items():
        path = folder / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
