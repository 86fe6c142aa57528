"""An exclusive lock on a lake: one process at a time."""

import os
from pathlib import Path


class LakeInUseError(Exception):
    """Another process is using the lake."""


class Lock:
    """The file `<lake>/.lock` holds the process id of its owner; a lock of a dead process is taken over."""

    def __init__(self, lake: Path) -> None:
        self._path = lake / ".lock"

    def take(self) -> None:
        """Acquire the lock. Raises `LakeInUseError` naming the process that holds it."""
        own = self._path.with_name(f".lock-{os.getpid()}")
        own.write_text(str(os.getpid()))
        try:
            while True:
                try:
                    os.link(own, self._path)  # atomic: fails if it exists, and is never visible without a process id
                except FileExistsError:
                    self._remove_if_stale()
                else:
                    return
        finally:
            own.unlink()

    def release(self) -> None:
        """Release the lock."""
        self._path.unlink(missing_ok=True)

    def _remove_if_stale(self) -> None:
        try:
            holder = self._path.read_text()
            os.kill(int(holder), 0)
        except PermissionError:
            pass  # another user's process
        except FileNotFoundError:
            return
        except (ProcessLookupError, ValueError):
            self.release()
            return
        raise LakeInUseError(
            f"Process {holder} is using the lake {self._path.parent}. "
            f"Wait for it to end; delete {self._path} if it is not a `singstat` process."
        )
