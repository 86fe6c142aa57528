"""One EC2 instance on the laptop: the process group of its user data, in a folder of its own."""

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

# The laptop holds the other end of its stdin: when the laptop is gone, so are all its processes, as in a power cut.
POWER = 'exec 3<&0 </dev/null; ( { read -r _ <&3; kill -KILL 0; } >/dev/null 2>&1 & ); exec /bin/bash "$0" 3<&-'


class Reason(NamedTuple):
    """Why an instance ended: the code and the message of its StateReason."""

    code: str
    message: str


ITSELF = Reason("Client.InstanceInitiatedShutdown", "Client.InstanceInitiatedShutdown: Instance initiated shutdown")


class Instance:
    """It is alive until it is shut down, whatever its processes do, and terminated once none of them is left."""

    def __init__(self, folder: Path, script: bytes, environment: Mapping[str, str], power: str) -> None:
        """Start a script with these variables in a folder named like the instance; `power` is where `shutdown` asks."""
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
        """The id of the group of all its processes."""
        return self._process.pid

    def shut_down(self, reason: Reason = ITSELF) -> None:
        """Ask its processes to end, and end them after some seconds. Nothing happens if it is ending already."""
        with self._lock:
            if self.state in ALIVE:
                self.state, self.reason = "shutting-down", reason
                self._signal(signal.SIGTERM)
                threading.Thread(target=self._end, daemon=True).start()

    def shut_down_in(self, minutes: int) -> None:
        """Set its timer, anew if it has one."""
        with self._lock:
            self._stop_timer()
            if self.state in ALIVE:
                self._timer = threading.Timer(minutes * MINUTE_SECONDS, self.shut_down)
                self._timer.daemon = True
                self._timer.start()

    def kill(self) -> None:
        """End it at once, its disk with it; returns when it is terminated."""
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
        self._silent.set()  # none of its processes is left that could write

    def _end(self) -> None:
        self._silent.wait(TERM_SECONDS)
        self.kill()

    def _signal(self, number: int) -> None:
        """Reach all its processes, as long as the group's id cannot be another's: until its first one is waited for."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):  # the latter is macOS's for a group of the dead
                os.killpg(self._process.pid, number)

    def _stop_timer(self) -> None:
        if self._timer:
            self._timer.cancel()


def _write_commands(folder: Path, power: str) -> None:
    """The commands that stand before the laptop's own."""
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
