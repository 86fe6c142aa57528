"""An exclusive lock on a lake: one process at a time, on Linux and macOS."""

import fcntl
import os
from pathlib import Path


class LakeInUseError(Exception):
    """Another process is using the lake."""


class Lock:
    """The operating system's lock (`flock`) of the file `<lake>/.lock`, which it releases when the process ends.

    The file holds the holder's process id, for the message only, and stays: a new one could be locked a second time.
    """

    def __init__(self, lake: Path) -> None:
        self._path = lake / ".lock"
        self._file = -1

    def take(self) -> None:
        """Acquire the lock. Raises `LakeInUseError` naming the process that holds it."""
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(file, 20).decode() or "another"
            os.close(file)
            raise LakeInUseError(
                f"Process {holder} is using the lake {self._path.parent}. Wait for it to end."
            ) from error
        os.ftruncate(file, 0)
        os.write(file, str(os.getpid()).encode())
        self._file = file

    def release(self) -> None:
        """Release the lock."""
        os.close(self._file)
