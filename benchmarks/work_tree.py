"""The code of an earlier commit beside today's, to be measured in the same run."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
GIT = ("git", "-C", ROOT, "worktree")


@contextmanager
def work_tree(commit: str) -> Iterator[Path]:
    """A temporary folder with the project as of `commit`."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "base"
        subprocess.run([*GIT, "add", "--quiet", "--detach", folder, commit], check=True)  # noqa: S603
        try:
            yield folder
        finally:
            subprocess.run([*GIT, "remove", "--force", folder], check=True)  # noqa: S603
