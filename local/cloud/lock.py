"""A lake belongs to one process at a time."""

import os
from pathlib import Path


class LakeInUseError(Exception):
    """Another process works on the lake."""


class Lock:
    """The file `<lake>/.lock` with the process id of its holder. One whose holder is gone is taken over."""

    def __init__(self, lake: Path) -> None:
        self._path = lake / ".lock"

    def take(self) -> None:
        """Errors: LakeInUseError names the holder."""
        own = self._path.with_name(f".lock-{os.getpid()}")
        own.write_text(str(os.getpid()))
        try:
            while True:
                try:
                    os.link(own, self._path)  # fails if it exists, and never shows a file without its process id
                except FileExistsError:
                    self._remove_if_stale()
                else:
                    return
        finally:
            own.unlink()

    def release(self) -> None:
        """Let others have the lake."""
        self._path.unlink(missing_ok=True)

    def _remove_if_stale(self) -> None:
        try:
            holder = self._path.read_text()
            os.kill(int(holder), 0)
        except PermissionError:
            pass  # somebody else's process
        except FileNotFoundError:
            return
        except (ProcessLookupError, ValueError):
            self.release()
            return
        raise LakeInUseError(
            f"Process {holder} is using the lake {self._path.parent}; wait for it, or delete {self._path} if it is not."
        )
